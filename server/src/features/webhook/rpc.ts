import { isIP } from 'node:net';
import { z } from 'zod';
import { checked, textBytes } from '../../contract/fields.ts';
import type * as message from '../../contract/gen/trust/v1/webhook.ts';
import { optionalTimestamp, timestamp } from '../../contract/messages.ts';
import type { Handler } from '../../contract/rpc.ts';
import { SECOND } from '../../kernel/clock.ts';
import {
  createWebhook,
  deleteWebhook,
  replayWebhook,
  rotateWebhookSecret,
  type WebhookDeps,
} from './change_webhook.ts';
import type { WebhookStore } from './store.ts';
import type { Webhook } from './webhook.ts';

export type WebhookRpc = {
  readonly createWebhook: Handler<message.CreateWebhookRequest, message.CreateWebhookResponse>;
  readonly listWebhooks: Handler<message.ListWebhooksRequest, message.ListWebhooksResponse>;
  readonly deleteWebhook: Handler<message.DeleteWebhookRequest, message.DeleteWebhookResponse>;
  readonly rotateWebhookSecret: Handler<message.RotateWebhookSecretRequest, message.RotateWebhookSecretResponse>;
  readonly replayWebhook: Handler<message.ReplayWebhookRequest, message.ReplayWebhookResponse>;
};

const DAYS_7 = 604_800;
const PLACES = 2n ** 53n - 1n;

/** What may be reached, and what of it the operator has named. */
export type Reach = { mayReach(address: string): boolean; isNamed(address: string): boolean };

/** Whether a text is a target in its normal form. `http` is for addresses that the operator has named. */
function isTarget(text: string, { mayReach, isNamed }: Reach): boolean {
  if (Buffer.byteLength(text) > 2_048 || !URL.canParse(text)) return false;
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.username !== '' || url.password !== '' || text.includes('#')) return false;
  if (url.href !== text && url.href !== `${text}/`) return false;
  if (isIP(host) !== 0 && !mayReach(host)) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isNamed(host));
}

const webhookId = z.string().regex(/^whk_[0-9a-f]{32}$/, 'must be whk_ and 32 lower-case hex digits');
const rotateFields = z.object({ webhookId, overlapSeconds: z.number().max(DAYS_7, `must be at most ${DAYS_7}`) });
const replayFields = z.object({
  webhookId,
  afterSeq: z.bigint().transform((seq) => Number(seq > PLACES ? PLACES : seq)),
});

/** The handlers of WebhookService. */
export function webhookRpc(
  deps: WebhookDeps & {
    readonly webhooks: Pick<WebhookStore, 'list'>;
    readonly reach: Reach;
  },
): WebhookRpc {
  const createFields = z.object({
    url: z
      .string()
      .refine(
        (text) => isTarget(text, deps.reach),
        'must be an absolute https URL in its normal form, of at most 2,048 bytes, without user and fragment, of an address that may be reached',
      ),
    actions: z
      .array(textBytes(64).refine((action) => action !== '', 'must not be empty'))
      .max(64, 'must have at most 64 entries'),
  });
  return {
    async createWebhook(request, { tenantId, caller }) {
      const { webhook, secret } = await createWebhook(
        deps,
        { tenantId, actor: caller.service },
        checked(createFields, request),
      );
      return { webhook: webhookMessage(webhook), secret };
    },
    async listWebhooks(_request, { tenantId }) {
      return { webhooks: (await deps.webhooks.list(tenantId)).map(webhookMessage) };
    },
    async deleteWebhook(request, { tenantId, caller }) {
      const fields = checked(z.object({ webhookId }), request);
      await deleteWebhook(deps, { tenantId, actor: caller.service }, fields.webhookId);
      return {};
    },
    async rotateWebhookSecret(request, { tenantId, caller }) {
      const { webhookId: id, overlapSeconds } = checked(rotateFields, request);
      const by = { tenantId, actor: caller.service };
      return { secret: await rotateWebhookSecret(deps, by, id, overlapSeconds * SECOND) };
    },
    async replayWebhook(request, { tenantId, caller }) {
      const { webhookId: id, afterSeq } = checked(replayFields, request);
      return { webhook: webhookMessage(await replayWebhook(deps, { tenantId, actor: caller.service }, id, afterSeq)) };
    },
  };
}

function webhookMessage({ id, url, actions, seq, enabled, failingSince, createdAt }: Webhook): message.Webhook {
  return {
    id,
    url,
    actions: [...actions],
    seq: BigInt(seq),
    enabled,
    failingSince: optionalTimestamp(failingSince),
    createdAt: timestamp(createdAt),
  };
}
