import { createHmac } from 'node:crypto';
import { DAY, type Instant, MINUTE, SECOND, type Span } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import type { ChainedEvent } from '../audit/chain.ts';

/** A target of audit events. Secrets are sealed. */
export type Webhook = {
  readonly tenantId: string;
  readonly id: string;
  readonly url: string;
  /** Empty: all but those of Trust Tokens. */
  readonly actions: readonly string[];
  readonly secret: string;
  /** The one before, which signs too until an instant; empty if there is none. */
  readonly oldSecret: string;
  readonly oldSecretUntil: Instant;
  /** Place in the chain up to which events were taken. */
  readonly seq: number;
  readonly enabled: boolean;
  /** Failures in a row. */
  readonly attempts: number;
  readonly failingSince: Instant | undefined;
  readonly createdAt: Instant;
};

export const MAX_WEBHOOKS = 16;
/** A target that fails for so long is disabled. */
export const GIVEN_UP_AFTER: Span = 5 * DAY;

const FIRST_DELAY: Span = 5 * SECOND;
const LONGEST_DELAY: Span = 60 * MINUTE;
export const delayAfter = (attempts: number): Span =>
  Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(attempts - 1, 20));

export const wants = ({ actions }: Pick<Webhook, 'actions'>, action: string): boolean =>
  actions.length === 0 ? !action.startsWith('trust_token.') : actions.includes(action);

const PREFIX = 'whsec_';

export const newWebhookSecret = (random: Random): string => PREFIX + Buffer.from(random(32)).toString('base64');

/** What is posted for an event: the same bytes at every attempt. */
export function bodyOf({ action, at, ...event }: ChainedEvent): string {
  const data = {
    id: event.id,
    tenant_id: event.tenantId,
    seq: event.seq,
    actor: event.actor,
    identity_id: event.identityId,
    subject: event.subject,
    facts: JSON.parse(event.facts) as unknown,
  };
  return JSON.stringify({ type: action, timestamp: new Date(at).toISOString(), data });
}

/** The headers of Standard Webhooks: a signature for each secret in force. */
export function signedHeaders(id: string, now: Instant, body: string, secrets: readonly string[]) {
  const timestamp = String(Math.floor(now / SECOND));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
