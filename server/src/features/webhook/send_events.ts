import { type Clock, MINUTE, SECOND, type Span } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Sealer } from '../../kernel/sealer.ts';
import { auditEvent } from '../audit/audit.ts';
import { secretContext } from './change_webhook.ts';
import type { ClaimedWebhook, Settling, WebhookStore } from './store.ts';
import { bodyOf, delayAfter, GIVEN_UP_AFTER, signedHeaders, type Webhook, wants } from './webhook.ts';

/** Posts a body. `gone`: the target wants no more. Rejects, with a message that holds no secret, where it may be tried again. */
export type Post = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<'taken' | 'gone'>;

const TARGETS_AT_A_TIME = 8;
/** How long a target belongs to the node that serves it, counted from its last event. Longer than a request may take. */
const LEASE: Span = MINUTE;
/** Places of the chain that are looked at in one go, and for how long one target is served in a turn. */
const SPAN = 100;
const LONGEST_TURN: Span = 20 * SECOND;

/** Sends chained events to their targets, each target by one node, one event after the other, in the order of the chain (spec HOOK-3). Called every second. */
export function sendEvents(deps: {
  readonly webhooks: Pick<WebhookStore, 'due' | 'claim' | 'settle' | 'eventsAfter'>;
  readonly sealer: Sealer;
  readonly post: Post;
  readonly clock: Clock;
  readonly monotonic: Clock;
  readonly newId: NewId;
}): () => Promise<void> {
  const { webhooks, sealer, post, clock, monotonic, newId } = deps;

  const secretsOf = (webhook: Webhook): readonly string[] => {
    const open = (sealed: string) => sealer.open(sealed, secretContext(webhook)).toString();
    const old = webhook.oldSecret !== '' && clock() < webhook.oldSecretUntil ? [open(webhook.oldSecret)] : [];
    return [open(webhook.secret), ...old];
  };

  const failed = async (webhook: ClaimedWebhook, gone: boolean): Promise<void> => {
    const now = clock();
    const failingSince = webhook.failingSince ?? now;
    const enabled = !gone && now - failingSince < GIVEN_UP_AFTER;
    const attempts = webhook.attempts + 1;
    const about = { subject: webhook.id, facts: { reason: gone ? 'gone' : 'failing' } };
    const by = { tenantId: webhook.tenantId, name: 'system' };
    const events = enabled ? [] : [auditEvent(by, now, newId, 'webhook.disabled', about)];
    const settling = { seq: webhook.seq, attempts, enabled, failingSince, dueIn: delayAfter(attempts) };
    await webhooks.settle(webhook, settling, { changes: [], events });
  };

  const serve = async (due: ClaimedWebhook): Promise<void> => {
    const begun = monotonic();
    let webhook: ClaimedWebhook | undefined;
    for (let seq = due.seq; monotonic() - begun < LONGEST_TURN; ) {
      const events = await webhooks.eventsAfter(due.tenantId, seq, SPAN);
      if (events.length === 0) break;
      // An idle target costs no write: it is claimed once there is something for it.
      webhook ??= await webhooks.claim(due, LEASE);
      if (webhook === undefined) return;
      for (const event of events) {
        seq = event.seq;
        if (!wants(webhook, event.action)) continue;
        try {
          const body = bodyOf(event);
          const headers = signedHeaders(event.id, clock(), body, secretsOf(webhook));
          if ((await post(webhook.url, headers, body)) === 'gone') return await failed(webhook, true);
        } catch {
          return await failed(webhook, false);
        }
        webhook = { ...webhook, ...TAKEN, seq };
        if (!(await webhooks.settle(webhook, { ...TAKEN, seq, dueIn: LEASE }, NO_TRAIL))) return;
      }
      webhook = { ...webhook, seq };
    }
    if (webhook !== undefined) {
      const { attempts, failingSince } = webhook;
      await webhooks.settle(webhook, { seq: webhook.seq, attempts, failingSince, enabled: true, dueIn: 0 }, NO_TRAIL);
    }
  };

  return async () => {
    const due = await webhooks.due(TARGETS_AT_A_TIME);
    const ends = await Promise.allSettled(due.map(serve));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  };
}

const NO_TRAIL = { changes: [], events: [] };
const TAKEN: Omit<Settling, 'seq' | 'dueIn'> = { attempts: 0, failingSince: undefined, enabled: true };
