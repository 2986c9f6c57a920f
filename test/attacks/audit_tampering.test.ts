// AUD-8: whoever can write to the database, or to an exported file, cannot change the audit trail unseen, and the first bad row is named.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { hashOf } from '../../server/src/features/audit/chain.ts';
import { openStore } from '../../server/src/store/store.ts';
import { event, NOW } from '../store/fixtures.ts';
import { auditWorld, reportOf, verifyLines } from '../support/audit_world.ts';
import { chance } from '../support/message_mutator.ts';

const TAMPERINGS = 200;
const TENANTS = ['acme', 'default'] as const;
const LAST = 420;
const CUT = 210;
const TEXTS = ['id', 'action', 'actor', 'identity_id', 'subject', 'facts', 'hash'] as const;
const NUMBERS = ['at', 'seq'] as const;

/** Where the first bad row must be found. */
type Tampered = { readonly what: string; readonly tenantId: string; readonly seq: number };
type Sql = Database.Database;

describe('attack: tampering with the audit trail', function () {
  this.timeout(300_000);
  let folder: string;
  let file: string;
  let exported: readonly string[];
  let anchors: readonly string[];
  const random = chance(77);
  const below = (count: number) => Math.floor(random() * count);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  const open = (path: string) => openStore({ databaseUrl: `file:${path}` });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'audit_tampering_'));
    file = join(folder, 'trail.db');
    const store = await open(file);
    await store.migrate();
    const world = auditWorld(store);
    for (let at = 0; at < LAST; at += 70) {
      for (const tenantId of TENANTS) {
        const facts = { reason: `r${at}`, type: 'totp' };
        const made = Array.from({ length: 70 }, (_, n) =>
          event(tenantId, { at: NOW + at + n, subject: `ses_${at + n}`, identityId: `idn_${n}`, facts }),
        );
        await store.audit.append(made);
      }
      await world.seal();
    }
    const cut = (await world.cut(NOW + CUT)) + (await world.cut(NOW + CUT));
    assert.equal(cut, 2 * CUT, 'the trail has a beginning that was cut off');
    exported = await world.export('default');
    const all = await store.chain.checkpoints(undefined, undefined, 100);
    anchors = [...new Map(all.map(({ tenantId, token }) => [tenantId, token])).values()];
    assert.ok(all.length >= 6);
    for (const { bad, last } of await world.verify(anchors)) assert.deepEqual([bad, last], [undefined, LAST]);
    await store.close();
    const sql = new Database(file);
    file = join(folder, 'whole.db');
    sql.exec(`vacuum into '${file}'`);
    sql.close();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** What `attack` does to a copy, and what is found in it. */
  async function found(attack: (sql: Sql) => Tampered, more: readonly string[] = []) {
    const path = join(folder, 'copy.db');
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    copyFileSync(file, path);
    const sql = new Database(path);
    const tampered = attack(sql);
    sql.close();
    const store = await open(path);
    try {
      const reports = await auditWorld(store).verify(more);
      return { tampered, bad: reportOf(reports, tampered.tenantId)?.bad, reports };
    } finally {
      await store.close();
    }
  }

  const place = () => CUT + 1 + below(LAST - CUT);
  const flipped = (text: string) => {
    const at = below(text.length);
    return `${text.slice(0, at)}${String.fromCharCode(text.charCodeAt(at) ^ (1 << below(5)))}${text.slice(at + 1)}`;
  };
  const where = 'where tenant_id = ? and seq = ?';

  const ATTACKS: Readonly<Record<string, (sql: Sql, tenantId: string) => Tampered>> = {
    'flips a bit of a text': (sql, tenantId) => {
      const [seq, column] = [place(), pick(TEXTS)];
      const [[text = ''] = []] = sql
        .prepare(`select ${column} from audit_event ${where}`)
        .raw()
        .all(tenantId, seq) as string[][];
      sql
        .prepare(`update audit_event set ${column} = ? ${where}`)
        .run(text === '' ? 'x' : flipped(text), tenantId, seq);
      return { what: column, tenantId, seq };
    },
    'flips a bit of a number': (sql, tenantId) => {
      const [seq, column, bit] = [place(), pick(NUMBERS), 1 << below(8)];
      sql
        .prepare(`update audit_event set ${column} = (${column} | ?) - (${column} & ?) ${where}`)
        .run(bit, bit, tenantId, seq);
      return { what: column, tenantId, seq: column === 'seq' ? Math.min(seq, seq ^ bit) : seq };
    },
    'moves an event to another tenant': (sql, tenantId) => {
      const seq = place();
      sql.prepare(`update audit_event set tenant_id = 'other' ${where}`).run(tenantId, seq);
      return { what: 'tenant_id', tenantId, seq };
    },
    'takes an event out of the chain': (sql, tenantId) => {
      const seq = place();
      sql.prepare(`update audit_event set seq = null, hash = null ${where}`).run(tenantId, seq);
      return { what: 'unchained', tenantId, seq };
    },
    'deletes events': (sql, tenantId) => {
      const [seq, count] = [place(), 1 + below(5)];
      sql
        .prepare('delete from audit_event where tenant_id = ? and seq >= ? and seq < ?')
        .run(tenantId, seq, seq + count);
      return { what: `${count} deleted`, tenantId, seq };
    },
    'swaps two events': (sql, tenantId) => {
      const [a, b] = [place(), place()];
      const other = a === b ? (a === LAST ? a - 1 : a + 1) : b;
      const to = sql.prepare(`update audit_event set seq = ? ${where}`);
      to.run(-1, tenantId, a);
      to.run(a, tenantId, other);
      to.run(other, tenantId, -1);
      return { what: `${a} and ${other}`, tenantId, seq: Math.min(a, other) };
    },
    'truncates the chain': (sql, tenantId) => {
      const seq = place();
      sql.prepare('delete from audit_event where tenant_id = ? and seq >= ?').run(tenantId, seq);
      return { what: 'truncated', tenantId, seq };
    },
    'adds an event': (sql, tenantId) => {
      const seq = place();
      const columns = 'tenant_id, at, action, actor, identity_id, subject, facts, seq, hash';
      // The order within a place is by instant and id: this one comes second, and is one too many.
      sql
        .prepare(`insert into audit_event (id, ${columns}) select 'aud_z', ${columns} from audit_event ${where}`)
        .run(tenantId, seq);
      return { what: 'added', tenantId, seq };
    },
    'flips a bit of a checkpoint': (sql, tenantId) => {
      const rows = sql.prepare('select seq, kind, token from audit_checkpoint where tenant_id = ?').raw().all(tenantId);
      const [seq, kind, token] = pick(rows as [number, string, string][]);
      const [column, value] = random() < 0.7 ? ['token', flipped(token)] : ['kind', kind === 'cut' ? 'seal' : 'cut'];
      sql.prepare(`update audit_checkpoint set ${column} = ? ${where} and kind = ?`).run(value, tenantId, seq, kind);
      return { what: `${kind} ${column}`, tenantId, seq };
    },
    'deletes a checkpoint': (sql, tenantId) => {
      const rows = sql.prepare('select seq from audit_checkpoint where tenant_id = ? order by seq').raw().all(tenantId);
      const places = (rows as number[][]).map(([seq = 0]) => seq);
      const at = below(places.length);
      sql.prepare(`delete from audit_checkpoint ${where}`).run(tenantId, places[at]);
      // Without the cut the beginning is missing, without the last one the end is unsigned.
      const seq = at === 0 ? 1 : at === places.length - 1 ? (places[at - 1] ?? 0) + 1 : (places[at] ?? 0);
      return { what: `checkpoint ${at}`, tenantId, seq };
    },
  };

  it(`AUD-8 ${TAMPERINGS} random tamperings of a copy are all found, and the first bad row is named`, async () => {
    const names = Object.keys(ATTACKS);
    const wrong: unknown[] = [];
    for (let turn = 0; turn < TAMPERINGS; turn += 1) {
      const name = names[turn % names.length] ?? '';
      const { tampered, bad } = await found((sql) => (ATTACKS[name] as (typeof ATTACKS)[string])(sql, pick(TENANTS)));
      if (bad?.seq !== tampered.seq) wrong.push({ name, tampered, bad });
    }
    assert.deepEqual(wrong, []);
  });

  it(`AUD-8 ${TAMPERINGS} random tamperings of an exported file are all found, and the first bad row is named`, async () => {
    const placeOf = (lines: readonly string[], at: number) =>
      (
        JSON.parse(lines.slice(0, at + 1).findLast((line) => line.includes('"seq"')) ?? `{"seq":${CUT}}`) as {
          seq: number;
        }
      ).seq;
    const wrong: unknown[] = [];
    for (let turn = 0; turn < TAMPERINGS; turn += 1) {
      const lines = [...exported];
      const at = 1 + below(lines.length - 1);
      let expected = [placeOf(exported, at)];
      const kind = ['flip', 'delete', 'swap', 'truncate', 'cut short', 'repeat'][turn % 6];
      if (kind === 'flip') {
        lines[at] = flipped(lines[at] ?? '');
        const { seq } = /"seq":(?<seq>\d+)/.exec(lines[at] ?? '')?.groups ?? {};
        expected = [...expected, Number(seq)];
      } else if (kind === 'delete') {
        const gone = lines.splice(at, 1 + below(3));
        expected = gone.map((_, n) => placeOf(exported, at + n));
      } else if (kind === 'swap') {
        const other = at === 1 ? 2 : 1 + below(at - 1);
        const [a, b] = [lines[at] ?? '', lines[other] ?? ''];
        lines[at] = b;
        lines[other] = a;
        expected = [placeOf(exported, other), placeOf(exported, at)];
      } else if (kind === 'truncate') lines.splice(at);
      else if (kind === 'repeat') lines.splice(at, 0, lines[at] ?? '');
      else lines.splice(at, lines.length, (lines[at] ?? '').slice(0, below((lines[at] ?? '').length - 1)));
      const bad = (await verifyLines(lines))[0]?.bad;
      if (bad === undefined || !expected.includes(bad.seq)) wrong.push({ kind, at, expected, bad, line: exported[at] });
    }
    assert.deepEqual(wrong, []);
    for (let at = 0; at < (exported[0] ?? '').length; at += 1) {
      const head = `${exported[0]?.slice(0, at)}~${exported[0]?.slice(at + 1)}`;
      const check = verifyLines([head, ...exported.slice(1)]).then((reports) =>
        assert.ok(reports.some(({ bad }) => bad !== undefined)),
      );
      await check.catch((error: Error) => assert.match(error.message, /its first line is not the head/));
    }
  });

  it('AUD-8 who rewrites the whole chain behind a change, with every hash, is found at the next checkpoint', async () => {
    const { bad } = await found((sql) => {
      sql.prepare(`update audit_event set actor = 'nobody' ${where}`).run('default', CUT + 10);
      const rows = sql
        .prepare(`select * from audit_event where tenant_id = ? and seq > ${CUT} order by seq`)
        .all('default');
      const before = sql.prepare(`select token from audit_checkpoint ${where}`).raw().all('default', CUT) as string[][];
      let previous = JSON.parse(Buffer.from(before[0]?.[0]?.split('.')[1] ?? '', 'base64url').toString())
        .hash as string;
      for (const row of rows as Record<string, never>[]) {
        const { tenant_id: tenantId, identity_id: identityId, ...rest } = row as Record<string, string>;
        previous = hashOf({ ...rest, tenantId, identityId } as never, Number(row.seq), previous);
        sql.prepare(`update audit_event set hash = ? ${where}`).run(previous, 'default', row.seq);
      }
      return { what: 'rewritten', tenantId: 'default', seq: CUT + 10 };
    });
    assert.deepEqual([bad?.problem, bad?.since], ['rewritten', CUT]);
    assert.ok((bad?.seq ?? 0) <= 350);
  });

  it('AUD-8 who truncates events and checkpoints alike is found by a checkpoint that was kept elsewhere', async () => {
    const attack = (sql: Sql) => {
      const tenantId = 'acme';
      const [[seq = 0] = []] = sql
        .prepare('select seq from audit_checkpoint where tenant_id = ? order by seq limit 1 offset 1')
        .raw()
        .all(tenantId) as number[][];
      for (const table of ['audit_event', 'audit_checkpoint'])
        sql.prepare(`delete from ${table} where tenant_id = ? and seq > ?`).run(tenantId, seq);
      return { what: 'rolled back', tenantId, seq: seq + 1 };
    };
    assert.equal(
      (await found(attack)).bad,
      undefined,
      'a database that is wholly as it was once shows nothing by itself',
    );
    const { bad, tampered } = await found(attack, anchors);
    assert.deepEqual([bad?.problem, bad?.seq], ['missing', tampered.seq]);
    const nothing = await found((sql) => {
      for (const table of ['audit_event', 'audit_checkpoint']) sql.exec(`delete from ${table}`);
      return { what: 'all deleted', tenantId: 'default', seq: 1 };
    }, anchors);
    assert.deepEqual(
      nothing.reports.map(({ bad }) => bad?.problem),
      ['missing', 'missing'],
    );
  });

  it('AUD-7 events whose instant was set back, even with every hash, are not deleted for their age', async () => {
    const path = join(folder, 'aged.db');
    copyFileSync(file, path);
    const sql = new Database(path);
    sql.exec('update audit_event set at = 1 where seq is not null');
    sql.close();
    const store = await open(path);
    assert.equal(await auditWorld(store).cut(NOW), 0);
    await store.close();
  });
});
