// Webhooks on every database: in the order of the chain, one node at a time, tried again, disabled, sent again, and none in another's name.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import {
  createWebhook,
  deleteWebhook,
  replayWebhook,
  rotateWebhookSecret,
} from '../../server/src/features/webhook/change_webhook.ts';
import { type Post, sendEvents } from '../../server/src/features/webhook/send_events.ts';
import { DAY } from '../../server/src/kernel/clock.ts';
import { idMaker } from '../../server/src/kernel/ids.ts';
import { sealerOf } from '../../server/src/kernel/sealer.ts';
import { openStore, type Store } from '../../server/src/store/store.ts';
import { auditWorld } from '../support/audit_world.ts';
import { onEachDatabase } from './databases.ts';
import { event, NOW, newTenantId } from './fixtures.ts';

type Sent = {
  readonly id: string;
  readonly subject: string;
  readonly signatures: readonly string[];
  readonly signed: string;
};

onEachDatabase('webhooks', (database) => {
  let url: string;
  let store: Store;
  beforeEach(async function () {
    this.timeout(120_000);
    url = await database.create();
    store = await openStore({ databaseUrl: url });
    await store.migrate();
  });
  afterEach(() => store?.close());

  function world(of: Store, sent: Sent[], refuse: (sent: Sent) => boolean | 'gone' = () => false) {
    const time = { now: NOW };
    const clock = () => time.now;
    const random = (size: number) => randomBytes(size);
    const sealer = sealerOf({ masterKey: Buffer.alloc(32, 7), random, purpose: 'test' });
    const deps = { webhooks: of.webhooks, sealer, random, clock, newId: idMaker(clock, random) };
    const post: Post = async (_url, headers, body) => {
      const id = headers['webhook-id'] ?? '';
      const signed = `${id}.${headers['webhook-timestamp']}.${body}`;
      const one = {
        id,
        subject: JSON.parse(body).data.subject,
        signatures: headers['webhook-signature']?.split(' ') ?? [],
        signed,
      };
      const refused = refuse(one);
      if (refused === true) throw new Error('refused');
      if (refused === 'gone') return 'gone';
      sent.push(one);
      return 'taken';
    };
    return { time, deps, send: sendEvents({ ...deps, post, monotonic: () => performance.now() }) };
  }

  const target = { url: 'https://hooks.example.com/', actions: [] };
  const happen = async (tenantId: string, from: number, count: number) => {
    const rows = Array.from({ length: count }, (_, n) =>
      event(tenantId, { at: NOW + from + n, subject: `s${from + n}` }),
    );
    await store.audit.append(rows);
    await auditWorld(store).seal();
  };
  const numbers = (from: number, count: number) => Array.from({ length: count }, (_, n) => `s${from + n}`);
  const ofTenant = (sent: readonly Sent[]) =>
    sent.map(({ subject }) => subject).filter((subject) => subject.startsWith('s'));

  it('HOOK-1 HOOK-3 sends what is chained after it was made, in order, of its own tenant and of what it chose', async () => {
    const [mine, other] = [newTenantId(), newTenantId()];
    const sent: Sent[] = [];
    const { deps, send } = world(store, sent);
    await happen(mine, 0, 5);
    await createWebhook(deps, { tenantId: mine, actor: 'dev' }, target);
    await createWebhook(deps, { tenantId: other, actor: 'dev' }, { ...target, actions: ['tenant.updated'] });
    await happen(mine, 5, 130);
    await happen(other, 900, 3);
    await send();
    await send();
    assert.deepEqual(ofTenant(sent), numbers(5, 130));
    await happen(mine, 200, 2);
    await send();
    assert.deepEqual(ofTenant(sent).slice(130), numbers(200, 2));
  });

  it('HOOK-3 several nodes send each event once', async () => {
    const tenantId = newTenantId();
    const sent: Sent[] = [];
    await createWebhook(world(store, sent).deps, { tenantId, actor: 'dev' }, target);
    await happen(tenantId, 0, 40);
    const nodes = await Promise.all(
      Array.from({ length: database.manyNodes ? 3 : 1 }, () => openStore({ databaseUrl: url })),
    );
    try {
      await Promise.all(nodes.map((node) => world(node, sent).send()));
      assert.deepEqual(ofTenant(sent), numbers(0, 40));
    } finally {
      await Promise.all(nodes.map((node) => node.close()));
    }
  });

  it('HOOK-4 HOOK-7 holds what failed back, and sends it with all that follows after a replay', async () => {
    const tenantId = newTenantId();
    const by = { tenantId, actor: 'dev' };
    const sent: Sent[] = [];
    let broken = true;
    const { deps, send, time } = world(store, sent, ({ subject }) => broken && subject === 's2');
    const { webhook } = await createWebhook(deps, by, target);
    await happen(tenantId, 0, 5);
    await send();
    await send();
    assert.deepEqual(ofTenant(sent), ['s0', 's1'], 'it waits, and nothing overtakes it');
    const [failing] = await store.webhooks.list(tenantId);
    assert.deepEqual([failing?.enabled, failing?.attempts, failing?.failingSince], [true, 1, NOW]);
    assert.deepEqual(await store.webhooks.due(9), []);

    time.now = NOW + 6 * DAY;
    const before = failing?.seq ?? 0;
    await replayWebhook(deps, by, webhook.id, before - 1);
    await store.webhooks.settle(
      { ...webhook, claim: 1, seq: 0 },
      { seq: 99, attempts: 0, enabled: true, failingSince: undefined, dueIn: 0 },
      { changes: [], events: [] },
    );
    assert.equal((await store.webhooks.list(tenantId))[0]?.seq, before - 1, 'an attempt of before settles nothing');
    broken = false;
    await send();
    assert.deepEqual(ofTenant(sent), ['s0', 's1', 's1', 's2', 's3', 's4']);
    assert.equal(new Set(sent.filter(({ subject }) => subject === 's1').map(({ id }) => id)).size, 1);
  });

  it('HOOK-4 disables a target that fails for five days or is gone, on record', async () => {
    for (const how of [true, 'gone'] as const) {
      const tenantId = newTenantId();
      const sent: Sent[] = [];
      const { deps, send, time } = world(store, sent, () => how);
      const { webhook } = await createWebhook(deps, { tenantId, actor: 'dev' }, target);
      await happen(tenantId, 0, 1);
      await send();
      if (how === true) {
        const [failing] = await store.webhooks.list(tenantId);
        assert.equal(failing?.enabled, true);
        time.now += 5 * DAY;
        const again = { seq: 0, attempts: 9, enabled: true, failingSince: NOW, dueIn: 0 };
        await store.webhooks.settle({ ...webhook, claim: 1 }, again, { changes: [], events: [] });
        await send();
      }
      assert.equal((await store.webhooks.list(tenantId))[0]?.enabled, false);
      const { rows } = await store.audit.list({ tenantId, action: 'webhook.disabled' }, { limit: 9 });
      assert.deepEqual(
        rows.map(({ subject, facts }) => [subject, facts.reason]),
        [[webhook.id, how === true ? 'failing' : 'gone']],
      );
      assert.deepEqual(sent, []);
    }
  });

  it('HOOK-2 HOOK-8 signs with both secrets until the overlap is over; HOOK-9 a tenant has at most 16', async () => {
    const tenantId = newTenantId();
    const by = { tenantId, actor: 'dev' };
    const sent: Sent[] = [];
    const { deps, send, time } = world(store, sent);
    const { webhook, secret } = await createWebhook(deps, by, { ...target, actions: ['session.created'] });
    const next = await rotateWebhookSecret(deps, by, webhook.id, 60_000);
    await happen(tenantId, 0, 1);
    await send();
    time.now += 60_000;
    await happen(tenantId, 1, 1);
    await send();
    const sign = (by: string, text: string) =>
      `v1,${createHmac('sha256', Buffer.from(by.slice(6), 'base64'))
        .update(text)
        .digest('base64')}`;
    const [first, second] = sent;
    assert.deepEqual(first?.signatures, [sign(next, first?.signed ?? ''), sign(secret, first?.signed ?? '')]);
    assert.deepEqual(second?.signatures, [sign(next, second?.signed ?? '')]);
    for (let n = 1; n < 16; n += 1) await createWebhook(deps, by, target);
    await assert.rejects(createWebhook(deps, by, target), { reason: 'INVALID_FIELD' });
    await deleteWebhook(deps, by, webhook.id);
    await deleteWebhook(deps, by, webhook.id);
    assert.equal((await store.webhooks.list(tenantId)).length, 15);
    await assert.rejects(rotateWebhookSecret(deps, { ...by, tenantId: newTenantId() }, webhook.id, 0), {
      reason: 'INVALID_FIELD',
    });
  });
});
