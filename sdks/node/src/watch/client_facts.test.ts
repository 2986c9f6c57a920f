// Sessions that are bound: what memory holds is there for their client alone (SES-16, SDK-45).
import assert from 'node:assert/strict';
import { SESSION_ID } from '../testing/fake_server.ts';
import { no, type WatchWorld, watchWorld, yes } from '../testing/watch_world.ts';

const HOME = { ipAddress: '203.0.113.7', userAgent: 'Firefox' };
const AWAY = { ipAddress: '198.51.100.7', userAgent: 'Firefox' };

const mismatch = () => ({ verdict: { answer: { $case: 'rejected', value: { reason: 6 } } } });

describe('watch: bound sessions', function () {
  this.timeout(20_000);
  let one: WatchWorld;
  let answer: () => unknown;
  const bound = () => {
    const { verdict } = yes(one.clocks) as { verdict: { answer: { value: object } } };
    return { verdict: { answer: { ...verdict.answer, value: { ...verdict.answer.value, clientBound: true } } } };
  };
  beforeEach(async () => {
    answer = bound;
    one = await watchWorld({
      verify: () => answer(),
      batchVerify: ({ request }) => ({
        verdicts: (request.sessionIds as string[]).map(() => (answer() as { verdict: object }).verdict),
      }),
    });
    await one.client.verify(SESSION_ID, { client: HOME });
    await (await one.watch.streams.take()).prove();
    assert(await one.client.awaitLease());
    await one.client.verify(SESSION_ID, { client: HOME });
  });
  afterEach(() => one.stop());

  it('SES-16 memory answers its client, and nobody else', async () => {
    const before = one.asked();
    const verdict = await one.client.verify(SESSION_ID, { client: HOME });
    assert(verdict.active && verdict.clientBound === true);
    assert.equal(one.asked(), before);
    assert.equal(one.client.verifyLocal(SESSION_ID), undefined);
    assert.equal(one.client.verifyLocal(SESSION_ID, AWAY), undefined);
    answer = mismatch;
    for (const client of [AWAY, undefined]) {
      assert.deepEqual(await one.client.verify(SESSION_ID, { client }), { active: false, reason: 'CLIENT_MISMATCH' });
    }
    assert.deepEqual(one.server.calls.at(-2)?.request.client, AWAY);
    assert((await one.client.verify(SESSION_ID, { client: HOME })).active, 'the no of another ends nothing');
  });

  it('SES-16 any other no ends what was kept, whoever is told of it', async () => {
    answer = no;
    await one.client.verify(SESSION_ID, { client: HOME, consistency: 'STRONG' });
    assert.equal(one.client.verifyLocal(SESSION_ID, HOME), undefined);
  });

  it('SES-16 SDK-32 different clients share no question; the same ones do', async () => {
    const clients = [AWAY, { ipAddress: '198.51.100.8' }, AWAY, undefined];
    await Promise.all(clients.map((client) => one.client.verify(SESSION_ID, { client })));
    const { request } = one.server.calls.at(-1) ?? assert.fail();
    assert.deepEqual(
      (request.clients as { ipAddress: string }[]).map(({ ipAddress }) => ipAddress),
      ['198.51.100.7', '198.51.100.8', ''],
    );
  });

  it('SDK-45 batchVerify takes a client for each', async () => {
    const verdicts = await one.client.batchVerify([SESSION_ID, SESSION_ID], { clients: [HOME, AWAY] });
    assert.deepEqual(
      verdicts.map(({ active }) => active),
      [true, true],
    );
    const { name, request } = one.server.calls.at(-1) ?? assert.fail();
    assert.deepEqual([name, request.client], ['verify', AWAY], 'the other was in memory');
    await assert.rejects(one.client.batchVerify([SESSION_ID], { clients: [HOME, AWAY] }), TypeError);
  });
});
