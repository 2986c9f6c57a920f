import type { ChainedEvent } from '../features/audit/chain.ts';
import type { ClaimedWebhook, WebhookStore } from '../features/webhook/store.ts';
import type { Webhook } from '../features/webhook/webhook.ts';
import { type Database, lock } from './database.ts';
import { AuditCheckpointEntity, AuditEventEntity } from './entities/audit_event.ts';
import { WebhookEntity, type WebhookRow } from './entities/webhook.ts';
import { listFrom, toJson } from './json.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;

function webhookFrom({ actions, failingSince, dueAt: _, claims, ...row }: WebhookRow): ClaimedWebhook {
  return { ...row, actions: listFrom(actions), failingSince: failingSince ?? undefined, claim: claims };
}

const rowOf = ({ actions, failingSince, ...webhook }: Webhook) => ({
  ...webhook,
  actions: toJson(actions),
  failingSince: failingSince ?? null,
});

export function webhookStore(database: Database, appendTrail: AppendTrail): WebhookStore {
  const now = async () =>
    Number(
      (await database.reader.rows({ name: 'webhook clock', sql: `select ${database.dialect.nowSql}` }, []))[0]?.[0],
    );

  return {
    insert: (webhook, max, trail) =>
      database.write(async (tx) => {
        const { tenantId } = webhook;
        await lock(database, tx, `webhooks ${tenantId}`);
        if ((await tx.count(WebhookEntity, { tenantId })) >= max) return false;
        const [newest] = await tx.find(
          AuditCheckpointEntity,
          { tenantId },
          { ...PLAIN, orderBy: { seq: 'desc' }, limit: 1 },
        );
        await tx.insert(WebhookEntity, { ...rowOf(webhook), seq: newest?.seq ?? 0, claims: 0, dueAt: 0 });
        await appendTrail(tx, trail);
        return true;
      }),

    list: (tenantId) =>
      database.read(async (em) =>
        (await em.find(WebhookEntity, { tenantId }, { ...PLAIN, orderBy: { id: 'asc' } })).map(webhookFrom),
      ),

    remove: (tenantId, id, trail) =>
      database.write(async (tx) => {
        if ((await tx.nativeDelete(WebhookEntity, { tenantId, id })) === 0) return false;
        await appendTrail(tx, trail);
        return true;
      }),

    rotate: (tenantId, id, secret, oldSecretUntil, trail) =>
      database.write(async (tx) => {
        await lock(database, tx, `webhooks ${tenantId}`);
        const row = await tx.findOne(WebhookEntity, { tenantId, id }, PLAIN);
        if (row === null) return false;
        await tx.nativeUpdate(WebhookEntity, { tenantId, id }, { secret, oldSecret: row.secret, oldSecretUntil });
        await appendTrail(tx, trail);
        return true;
      }),

    rewind: (tenantId, id, seq, trail) =>
      database.write(async (tx) => {
        await lock(database, tx, `webhooks ${tenantId}`);
        const row = await tx.findOne(WebhookEntity, { tenantId, id }, PLAIN);
        if (row === null) return false;
        const claims = row.claims + 1;
        const fresh = { seq: Math.min(seq, row.seq), enabled: true, attempts: 0, failingSince: null, dueAt: 0, claims };
        if ((await tx.nativeUpdate(WebhookEntity, { tenantId, id, claims: row.claims }, fresh)) === 0) return false;
        await appendTrail(tx, trail);
        return true;
      }),

    due: async (limit) => {
      const dueAt = { $lte: await now() };
      const order = { orderBy: { dueAt: 'asc' }, limit } as const;
      return database.read(async (em) =>
        (await em.find(WebhookEntity, { enabled: true, dueAt }, { ...PLAIN, ...order })).map(webhookFrom),
      );
    },

    claim: async (webhook, lease) => {
      const dueAt = (await now()) + lease;
      return await database.write(async (tx) => {
        const { tenantId, id, claim } = webhook;
        const claims = claim + 1;
        const changed = await tx.nativeUpdate(WebhookEntity, { tenantId, id, claims: claim }, { claims, dueAt });
        return changed === 0 ? undefined : { ...webhook, claim: claims };
      });
    },

    settle: async ({ tenantId, id, claim }, { dueIn, failingSince, ...rest }, trail) => {
      const dueAt = (await now()) + dueIn;
      return await database.write(async (tx) => {
        const settled = { ...rest, failingSince: failingSince ?? null, dueAt };
        if ((await tx.nativeUpdate(WebhookEntity, { tenantId, id, claims: claim }, settled)) === 0) return false;
        await appendTrail(tx, trail);
        return true;
      });
    },

    eventsAfter: (tenantId, seq, span) =>
      database.read(async (em) => {
        const cut = await em.findOne(AuditCheckpointEntity, { tenantId, kind: 'cut' }, PLAIN);
        const from = Math.max(seq, cut?.seq ?? 0);
        const order = { ...PLAIN, orderBy: { seq: 'asc' } } as const;
        // Place by place: of a range SQLite would read every event of the tenant.
        const places = Array.from({ length: span }, (_, place) => from + 1 + place);
        const rows = await em.find(AuditEventEntity, { tenantId, seq: { $in: places } }, order);
        return rows.map((row): ChainedEvent => ({ ...row, seq: row.seq ?? 0, hash: row.hash ?? '' }));
      }),
  };
}
