import type { Parts } from './compose.ts';
import { type Reach, webhookRpc } from './features/webhook/rpc.ts';
import { type Post, sendEvents } from './features/webhook/send_events.ts';
import type { NewId } from './kernel/ids.ts';
import { sealerOf } from './kernel/sealer.ts';

export type WebhookParts = Reach & { readonly post: Post };

const NOWHERE: Reach = { mayReach: () => false, isNamed: () => false };

/** Wires what administers targets, and what sends events to them. */
export function composeWebhook(
  parts: Pick<Parts, 'store' | 'masterKey' | 'random' | 'clock' | 'monotonic' | 'webhook'> & { readonly newId: NewId },
) {
  const { store, webhook } = parts;
  const sealer = sealerOf({ ...parts, purpose: 'trust-layer:webhook:v1' });
  const deps = { ...parts, webhooks: store.webhooks, sealer };
  return {
    handlers: webhookRpc({ ...deps, reach: webhook ?? NOWHERE }),
    send: webhook && sendEvents({ ...deps, post: webhook.post }),
  };
}
