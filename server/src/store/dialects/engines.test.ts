import assert from 'node:assert/strict';
import { codeOf } from '../fault.ts';
import { mysqlDialect } from './mysql_facts.ts';
import { serverOf } from './mysql_server.ts';
import { engineOf, postgresqlDialect } from './postgresql_facts.ts';

describe('engines that speak the protocol of another database', () => {
  it('are told by their version', () => {
    for (const [version, engine] of [
      ['PostgreSQL 15.8 (Debian 15.8-0+deb12u1) on x86_64-pc-linux-gnu', undefined],
      ['PostgreSQL 11.2-YB-2.20.1.0-b0 on x86_64-pc-linux-gnu, compiled by clang', 'yugabytedb'],
      ['PostgreSQL 15.2-YB-2025.1.0.0-b0 on x86_64-pc-linux-gnu', 'yugabytedb'],
      ['CockroachDB CCL v23.2.4 (x86_64-pc-linux-gnu, built 2024/04/08)', 'cockroachdb'],
    ] as const)
      assert.equal(engineOf(version), engine, version);
    for (const [version, galera, server] of [
      ['8.0.40', false, { name: 'mysql' }],
      ['8.0.36-28.1', true, { name: 'mysql', engine: 'galera' }],
      ['10.11.9-MariaDB-log', false, { name: 'mariadb' }],
      ['10.11.9-MariaDB', true, { name: 'mariadb', engine: 'galera' }],
      ['8.0.11-TiDB-v7.5.1', false, { name: 'mysql', engine: 'tidb' }],
      ['8.0.30-Vitess', false, { name: 'mysql', engine: 'vitess' }],
    ] as const)
      assert.deepEqual(serverOf(version, galera), server, version);
  });

  it('have no advisory locks, and take positions of the change feed one after the other', () => {
    for (const engine of ['cockroachdb', 'yugabytedb'] as const) {
      const { lockSql, positionsSql, gapsSql, prepareSql } = postgresqlDialect(engine, 'trust');
      assert.doesNotMatch(`${lockSql} ${gapsSql('x')} ${positionsSql?.take}`, /advisory|snapshot/);
      assert.match(`${lockSql}`, /named_lock/);
      assert.ok(positionsSql !== undefined);
      assert.match(`${prepareSql?.[0]}`, /create schema/);
      assert.match(`${prepareSql?.[1]}`, /create table if not exists "named_lock"/);
    }
    const plain = postgresqlDialect(undefined, undefined);
    assert.deepEqual([plain.positionsSql, plain.prepareSql], [undefined, undefined]);
    for (const engine of ['galera', 'tidb', 'vitess'] as const) {
      const { positionsSql, writersSql } = mysqlDialect({ name: 'mysql', engine });
      assert.ok(positionsSql !== undefined && writersSql === undefined, engine);
    }
    assert.doesNotMatch(mysqlDialect({ name: 'mysql', engine: 'tidb' }).each(1), /json_table/);
  });

  it('say in their own numbers that a transaction may be tried again', () => {
    const said = (errno: number) => codeOf(Object.assign(new Error('x'), { errno, code: undefined }));
    const tidb = mysqlDialect({ name: 'mysql', engine: 'tidb' });
    for (const errno of [8002, 8005, 8022, 8028, 9007]) {
      assert.equal(tidb.isTransient(said(errno)), true, `${errno}`);
      assert.equal(mysqlDialect({ name: 'mysql' }).isTransient(said(errno)), false, `${errno}`);
    }
    // 8004: too large a transaction. It would be so again.
    assert.equal(tidb.isTransient(said(8004)), false);
    for (const engine of ['cockroachdb', 'yugabytedb', undefined] as const) {
      const { isTransient } = postgresqlDialect(engine, undefined);
      // 40003: whether it was committed is not known; it must not be done twice.
      assert.deepEqual(['40001', '40P01', '40003'].map(isTransient), [true, true, false]);
    }
  });
});
