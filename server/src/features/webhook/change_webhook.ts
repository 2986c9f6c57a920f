import { invalidField } from '../../errors/trust_error.ts';
import type { Clock, Span } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import type { Sealer } from '../../kernel/sealer.ts';
import { type AuditAction, auditEvent } from '../audit/audit.ts';
import type { WebhookStore } from './store.ts';
import { MAX_WEBHOOKS, newWebhookSecret, type Webhook } from './webhook.ts';

export type WebhookDeps = {
  readonly webhooks: Pick<WebhookStore, 'insert' | 'list' | 'remove' | 'rotate' | 'rewind'>;
  readonly sealer: Sealer;
  readonly random: Random;
  readonly clock: Clock;
  readonly newId: NewId;
};

export type By = { readonly tenantId: string; readonly actor: string };

export const secretContext = ({ tenantId, id }: Pick<Webhook, 'tenantId' | 'id'>) => [tenantId, id];

const unknown = () => invalidField('webhook_id', 'is no webhook of the tenant');

function trailOf({ clock, newId }: WebhookDeps, by: By, action: AuditAction, id: string) {
  const about = { subject: id };
  return {
    changes: [],
    events: [auditEvent({ tenantId: by.tenantId, name: by.actor }, clock(), newId, action, about)],
  };
}

/** Errors: INVALID_FIELD, if there are as many as may be. */
export async function createWebhook(deps: WebhookDeps, by: By, target: Pick<Webhook, 'url' | 'actions'>) {
  const { clock, newId, random, sealer } = deps;
  const id = newId('whk');
  const secret = newWebhookSecret(random);
  const sealed = sealer.seal(Buffer.from(secret), secretContext({ tenantId: by.tenantId, id }));
  const webhook: Webhook = {
    ...target,
    tenantId: by.tenantId,
    id,
    secret: sealed,
    oldSecret: '',
    oldSecretUntil: 0,
    seq: 0,
    enabled: true,
    attempts: 0,
    failingSince: undefined,
    createdAt: clock(),
  };
  if (!(await deps.webhooks.insert(webhook, MAX_WEBHOOKS, trailOf(deps, by, 'webhook.created', id))))
    throw invalidField('url', `is one too many: a tenant has at most ${MAX_WEBHOOKS} webhooks`);
  return { webhook: (await find(deps, by, id)) ?? webhook, secret };
}

/** Removing what is not there succeeds. */
export async function deleteWebhook(deps: WebhookDeps, by: By, id: string): Promise<void> {
  await deps.webhooks.remove(by.tenantId, id, trailOf(deps, by, 'webhook.deleted', id));
}

/** Errors: INVALID_FIELD. */
export async function rotateWebhookSecret(deps: WebhookDeps, by: By, id: string, overlap: Span): Promise<string> {
  const secret = newWebhookSecret(deps.random);
  const sealed = deps.sealer.seal(Buffer.from(secret), secretContext({ tenantId: by.tenantId, id }));
  const trail = trailOf(deps, by, 'webhook.secret_rotated', id);
  if (!(await deps.webhooks.rotate(by.tenantId, id, sealed, deps.clock() + overlap, trail))) throw unknown();
  return secret;
}

/** Errors: INVALID_FIELD. */
export async function replayWebhook(deps: WebhookDeps, by: By, id: string, seq: number): Promise<Webhook> {
  const trail = trailOf(deps, by, 'webhook.replayed', id);
  if (!(await deps.webhooks.rewind(by.tenantId, id, seq, trail))) throw unknown();
  const webhook = await find(deps, by, id);
  if (webhook === undefined) throw unknown();
  return webhook;
}

const find = async (deps: WebhookDeps, by: By, id: string) =>
  (await deps.webhooks.list(by.tenantId)).find((one) => one.id === id);
