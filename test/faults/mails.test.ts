// MAIL-2: two nodes of one database, one SMTP server that keeps the ledger.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { needsPostgres } from '../support/needs.ts';
import { postgresServer } from '../support/postgres.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { type SmtpWorld, smtpWorld } from '../support/smtp_world.ts';

const MAILS = 60;

describe('fault: mails of two nodes', function () {
  this.timeout(180_000);
  let smtp: SmtpWorld;
  let nodes: readonly [ServerProcess, ServerProcess];
  let databaseUrl: string;

  beforeEach(async function () {
    needsPostgres(this);
    smtp = await smtpWorld();
    databaseUrl = await (await postgresServer()).createDatabase();
    const env = { DATABASE_URL: databaseUrl, TRUST_SMTP_URL: smtp.url, TRUST_MAIL_FROM: 'no-reply@trust.example' };
    const first = await startServer({ env });
    const second = await startServer({ env: { ...env, TRUST_PUBLIC_URL: first.publicUrl }, dataDir: first.dataDir });
    nodes = [first, second];
  });
  afterEach(async () => {
    await nodes?.[1].remove();
    await nodes?.[0].remove();
    await smtp?.close();
  });

  const callers = () => nodes.map((node) => new RpcCaller(node.grpcAddress, node.serviceKey));

  /** Makes people, sets their passwords over both nodes; each acknowledged password has one notice. Gives their addresses. */
  async function people(rpcs: readonly RpcCaller[]): Promise<Set<string>> {
    const told = new Set<string>();
    await Promise.all(
      Array.from({ length: MAILS }, async (_, n) => {
        const rpc = rpcs[n % rpcs.length] as RpcCaller;
        const value = `person-${n}@example.com`;
        const identifiers = [{ type: IdentifierType.EMAIL, value, verified: true }];
        const made = await rpc.call('IdentityService', 'createIdentity', {
          tenantId: 'default',
          identifiers,
          displayName: '',
          roles: [],
          metadata: {},
        });
        const identityId = made.value?.identity?.id ?? '';
        const password = 'violet-otter-battery';
        const set = await rpc.call('PasswordService', 'setPassword', { tenantId: 'default', identityId, password });
        if (set.failure === undefined) told.add(value);
      }),
    );
    return told;
  }

  const counts = () => {
    const found = new Map<string, number>();
    for (const { to } of smtp.received) found.set(to[0] ?? '', (found.get(to[0] ?? '') ?? 0) + 1);
    return found;
  };

  it('each mail is sent once, whichever node sends it', async () => {
    const rpcs = callers();
    const told = await people(rpcs);
    assert.equal(told.size, MAILS);
    await smtp.arrived(MAILS);
    await sleep(3_000);
    assert.equal(smtp.received.length, MAILS);
    assert.deepEqual([...counts().keys()].sort(), [...told].sort());
    for (const rpc of rpcs) rpc.close();
  });

  it('kill -9 of a node that sends loses none, and repeats at most what it was sending, under the same Message-ID', async () => {
    const held: (() => void)[] = [];
    let hold = true;
    // The server has the whole mail and has not said so yet: the worst moment.
    smtp.onMail = () => (hold ? new Promise<void>((resolve) => held.push(resolve)) : undefined);
    const rpcs = callers();
    const told = await people(rpcs);
    for (let wait = 0; held.length < 10 && wait < 500; wait++) await sleep(20);
    assert.ok(held.length >= 10);
    await nodes[0].kill9();
    hold = false;
    for (const release of held) release();
    // As though the leases of the dead node were over.
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    for (let wait = 0; wait < 200; wait++) {
      const { rows } = await client.query('select count(*)::int as waiting from mail');
      if (rows[0]?.waiting === 0) break;
      if (wait % 20 === 10) await client.query('update mail set due_at = 0 where due_at > 0 and attempts = 1');
      await sleep(100);
    }
    const { rows } = await client.query('select count(*)::int as waiting from mail');
    await client.end();
    assert.equal(rows[0]?.waiting, 0);
    assert.deepEqual([...counts().keys()].sort(), [...told].sort(), 'none is lost');
    const ids = new Set(smtp.received.map(({ mail }) => mail.messageId));
    assert.equal(ids.size, told.size, 'a mail that came twice is the same mail');
    const twice = [...counts().values()].filter((count) => count > 1).length;
    assert.ok(twice <= 10, `${twice} came twice: no more than one node sends at a time`);
    for (const rpc of rpcs) rpc.close();
  });
});
