// Watch through the real pipeline, features and store.
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { HEARD_POLL_EVERY } from '../../server/src/features/change/tail.ts';
import { createIdentity } from '../../server/src/features/identity/create_identity.ts';
import { revokeServiceKey } from '../../server/src/features/service_key/change_service_key.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type WatchWorld, watchWorld } from '../support/watch_world.ts';

describe('Watch', () => {
  let world: WatchWorld;
  const open = async (options: Parameters<typeof watchWorld>[0] = {}) => {
    world = await watchWorld(options);
    return world;
  };
  afterEach(() => world?.close());

  it('WAT-1 WAT-31 sends the backlog, then ready with both bounds, then changes as they come', async () => {
    const { watcher, revoke } = await open();
    const before = await revoke(1_500);
    const one = await watcher().started();
    const place = one.messages.findIndex(({ $case }) => $case === 'ready');
    assert.deepEqual(one.messages[place], {
      $case: 'ready',
      value: { stalenessBoundMs: 2_000, backlogWindowMs: 360_000 },
    });
    const backlog = new Set(
      one.messages.slice(0, place).flatMap((each) => (each.$case === 'change' ? handleOf(each.value) : [])),
    );
    assert.ok(before.every((handle) => backlog.has(handle)));
    const [after] = await revoke();
    await one.until(() => one.revoked.includes(after ?? ''));
  });

  it('WAT-33 answers a ping only after a read of the feed that began after it came', async () => {
    const { watcher, reads, revoke } = await open();
    const one = await watcher().started();
    await one.ping();
    let release = () => {};
    reads.hold = new Promise((resolve) => {
      release = resolve;
    });
    const begun = reads.count;
    while (reads.count === begun) await wait(5);
    // This read is held: whatever it looked at may be from before the ping.
    one.send({ $case: 'ping', value: { number: 50n } });
    one.send({ $case: 'ping', value: { number: 51n } });
    await wait(100);
    const [handle] = await revoke();
    const pongs = () => one.messages.flatMap((each) => (each.$case === 'pong' ? [each.value.number] : []));
    assert.deepEqual(pongs(), [1n]);
    let second = () => {};
    const next = new Promise<void>((resolve) => {
      second = resolve;
    });
    reads.hold = next;
    release();
    await wait(100);
    assert.deepEqual(pongs(), [1n], 'the read that was under way does not answer it');
    reads.hold = undefined;
    second();
    await one.until(() => pongs().includes(51n));
    assert.deepEqual(pongs(), [1n, 51n], 'one pong for both, which names the latest');
    const order = one.messages.map((each) => (each.$case === 'change' ? handleOf(each.value)[0] : each.$case));
    assert.ok(order.indexOf(handle) < order.lastIndexOf('pong'));
  });

  it('WAT-33 says in each pong what the database’s clock said when its read began', async () => {
    const { watcher } = await open();
    const one = await watcher().started();
    for (let round = 0; round < 5; round++) {
      // The database is of this machine, and its clock is rounded down.
      const sent = Date.now() - 1;
      await one.ping();
      const last = one.messages.at(-1);
      const time = last?.$case === 'pong' ? last.value.databaseTime?.getTime() : undefined;
      assert.ok(time !== undefined && time >= sent && time <= Date.now(), `${time} after ${sent}`);
    }
  });

  it('WAT-33 answers no ping while the feed cannot be read, and goes on when it can', async () => {
    const { watcher, reads } = await open();
    const one = await watcher().started();
    await one.ping();
    reads.failure = new Error('database down');
    await wait(50);
    await assert.rejects(
      Promise.race([one.ping(), wait(600).then(() => Promise.reject(new Error('no pong')))]),
      /no pong/,
    );
    reads.failure = undefined;
    await one.until(() => one.messages.some((each) => each.$case === 'pong' && each.value.number === 2n), 2_000);
  });

  it('WAT-32 has sent the caller’s own revocation before the pong to a ping that followed it', async () => {
    const { watcher, node, good, target } = await open();
    const one = await watcher().started();
    const rpc = new RpcCaller(target, good.secret);
    const identity = await createIdentity({ ...node.keyDeps, identities: world.store.identities } as never)({
      tenantId: 'default',
      actor: 'test',
      displayName: 'Ada',
      roles: [],
      metadata: {},
      identifiers: [{ type: 'username', value: 'ada', verified: false }],
    } as never);
    for (let round = 0; round < 20; round++) {
      const { session } = await rpc.ok('SessionService', 'createSession', { identityId: identity.id });
      const handle = session?.handle ?? '';
      await rpc.ok('SessionService', 'revokeSession', { target: { $case: 'handle', value: handle } });
      await one.ping();
      assert.ok(one.revoked.includes(handle), `round ${round}`);
    }
    rpc.close();
  });

  it('WAT-30 never sends a change of another tenant, live or of the backlog', async () => {
    const { watcher, revoke, key, store } = await open();
    await store.tenants.insertIfAbsent({
      ...{ id: 'other', publicUrl: '', settings: {} as never, version: 1 },
      ...{ createdAt: 0, updatedAt: 0 },
    });
    const others = await key('other');
    const [mine, theirs] = [await revoke(3), await revoke(3, 'other')];
    const [one, two] = [await watcher().started(), await watcher(others.secret).started('other')];
    mine.concat(await revoke(3));
    await revoke(3, 'other');
    await Promise.all([one.ping(), two.ping()]);
    assert.ok(one.changes.length >= 6 && one.changes.every(({ tenantId }) => tenantId === 'default'));
    assert.ok(two.changes.length >= 6 && two.changes.every(({ tenantId }) => tenantId === 'other'));
    assert.ok(theirs.every((handle) => two.revoked.includes(handle)));
    const failure = await watcher().start('other').ended;
    assert.equal(failure !== 'end' && failure.reason, 'TENANT_NOT_ALLOWED');
  });

  it('WAT-38 refuses what is not the protocol, naming the field', async () => {
    const { watcher } = await open();
    const start = { $case: 'start', value: { tenantId: '' } } as const;
    const ping = (number: bigint) => ({ $case: 'ping', value: { number } }) as const;
    const use = (count: number, more: object = {}) =>
      ({
        $case: 'use',
        value: { uses: Array.from({ length: count }, () => ({ handle: `ses_${'0'.repeat(32)}`, ageMs: 0, ...more })) },
      }) as const;
    for (const [messages, field] of [
      [[undefined], 'message'],
      [[ping(1n)], 'start'],
      [[use(1)], 'start'],
      [[start, start], 'start'],
      [[start, ping(0n)], 'ping.number'],
      [[start, ping(2n), ping(2n)], 'ping.number'],
      [[start, ping(2n), ping(1n)], 'ping.number'],
      [[start, use(1_025)], 'use.uses'],
      [[start, use(1, { ageMs: 60_001 })], 'use.uses[0].age_ms'],
      [[start, use(1, { handle: 'ses_1' })], 'use.uses[0].handle'],
      [[start, { $case: 'start', value: { tenantId: 'x'.repeat(70_000) } } as const], 'message'],
    ] as const) {
      const one = watcher();
      for (const message of messages) one.send(message);
      const failure = await one.ended;
      assert.ok(failure !== 'end');
      assert.deepEqual([failure.code, failure.reason], ['INVALID_ARGUMENT', 'INVALID_FIELD'], field);
      assert.equal(failure.fields[0]?.field, field);
    }
    const good = await watcher().started();
    good.send(use(1_024));
    await good.ping();
  });

  it('WAT-37 takes reported uses for sessions of the tenant, and for none that was idle too long', async () => {
    const { watcher, store, node } = await open();
    const make = async (handle: string, lastUsedAt: number, tenantId = 'default') => {
      const base = {
        tenantId,
        handle,
        digest: handle,
        identityId: 'i',
        version: 1,
        epoch: 0,
        authenticatedAt: 0,
        acr: '',
      };
      const times = {
        createdAt: 0,
        lastUsedAt,
        expiresAt: Date.now() + 9e6,
        idleTimeout: 60_000,
        revokedAt: undefined,
      };
      const device = { userAgent: '', ipAddress: '', label: '' };
      const record = { ...base, ...times, amr: [], device, organisationId: undefined };
      await store.sessions.insert(record, { changes: [], events: [] });
    };
    const id = (digit: string) => `ses_${digit.repeat(32)}`;
    const begun = Date.now();
    await make(id('1'), begun - 30_000);
    await make(id('2'), begun - 100_000);
    await make(id('3'), begun - 30_000, 'other');
    const one = await watcher().started();
    one.send({ $case: 'use', value: { uses: ['1', '2', '3'].map((digit) => ({ handle: id(digit), ageMs: 10_000 })) } });
    one.send({ $case: 'use', value: { uses: [{ handle: id('1'), ageMs: 20_000 }] } });
    await one.ping();
    await node.flushes.uses();
    const used = async (digit: string, tenantId = 'default') =>
      (await store.sessions.readByHandle(tenantId, id(digit)))?.session.lastUsedAt ?? 0;
    const [first, second, third] = [await used('1'), await used('2'), await used('3', 'other')];
    assert.ok(first >= begun - 10_000 && first <= Date.now() - 10_000, `${first - begun}`);
    assert.equal(second, begun - 100_000, 'it was past its time-out when it was used');
    assert.equal(third, begun - 30_000);
  });

  it('WAT-39 ends the streams of a key within a second of its revocation or end, and no others', async () => {
    const { watcher, key, node } = await open();
    const [doomed, short] = [await key(), await key('default', ['sessions:verify'], 2_000)];
    const [one, two, three] = await Promise.all([
      watcher(doomed.secret).started(),
      watcher(short.secret).started(),
      watcher().started(),
    ]);
    const began = performance.now();
    await revokeServiceKey(node.keyDeps, { tenantId: 'default', actor: 'test', keyId: doomed.id });
    const failure = await one.ended;
    assert.equal(failure !== 'end' && failure.reason, 'SERVICE_KEY_REJECTED');
    const expired = await two.ended;
    assert.equal(expired !== 'end' && expired.reason, 'SERVICE_KEY_REJECTED');
    assert.ok(performance.now() - began < 15_000);
    await three.ping();
  });

  it('WAT-39 ends the streams of a service that lost the scope', async () => {
    const { watcher, good, node } = await open();
    const one = await watcher().started();
    const rights = { tenantId: 'default', name: good.name, audiences: [], certificateNames: [] };
    await node.putService('test', { ...rights, scopes: ['sessions:read'] });
    const failure = await one.ended;
    assert.equal(failure !== 'end' && failure.reason, 'SCOPE_MISSING');
  });

  it('WAT-39 ends every stream with DRAINING when the server drains, at once', async () => {
    const { watcher, server } = await open();
    const watchers = await Promise.all([1, 2, 3].map(() => watcher().started()));
    const began = performance.now();
    const drained = server.drain();
    for (const one of watchers) {
      const failure = await one.ended;
      assert.ok(failure !== 'end');
      assert.deepEqual([failure.code, failure.reason], ['UNAVAILABLE', 'DRAINING']);
    }
    await drained;
    assert.ok(performance.now() - began < 10_000);
  });

  it('lets a caller end its stream, and reads no more of the feed when nobody watches', async () => {
    const { watcher, reads } = await open();
    const one = await watcher().started();
    one.stream.end();
    assert.equal(await one.ended, 'end');
    await wait(80);
    const count = reads.count;
    await wait(HEARD_POLL_EVERY + 200);
    assert.equal(reads.count, count);
  });
});

function handleOf({ subject }: { subject?: { $case: string; value: object } | undefined }): string[] {
  return subject?.$case === 'session' ? [(subject.value as { handle: string }).handle] : [];
}
