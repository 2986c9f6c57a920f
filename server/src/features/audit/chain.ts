import { createHash } from 'node:crypto';
import type { Instant } from '../../kernel/clock.ts';

/** An event as its row has it; `facts` is JSON text. */
export type StoredEvent = {
  readonly tenantId: string;
  readonly id: string;
  readonly at: Instant;
  readonly action: string;
  readonly actor: string;
  readonly identityId: string;
  readonly subject: string;
  readonly facts: string;
};

/** A place in a tenant's chain: 1 for its first event, and the hash of the link there. */
export type Place = { readonly seq: number; readonly hash: string };

/** An event that is chained. */
export type ChainedEvent = StoredEvent & Place;

/** Before the first event (spec AUD-4). */
export const CHAIN_START: Place = { seq: 0, hash: '0'.repeat(64) };

/** Facts as JSON text: members by name, as RFC 8785 orders them. */
export const factsText = (facts: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(facts).sort(([a], [b]) => (a < b ? -1 : 1))));

/** The facts of a row, or its text as it is where that is not the one text for them: so no change of it goes unseen. */
function factsOf(text: string): Readonly<Record<string, string>> | string {
  try {
    const facts = JSON.parse(text) as Readonly<Record<string, string>>;
    const strings = Object.values(facts).every((value) => typeof value === 'string');
    return strings && !Array.isArray(facts) && factsText(facts) === text ? facts : text;
  } catch {
    return text;
  }
}

/** The link of an event in its place: the members in the order of RFC 8785. `previous` is the hash of the link before. */
export function linkOf(event: StoredEvent, seq: number, previous: string): Readonly<Record<string, unknown>> {
  const { action, actor, at, facts, id, identityId, subject, tenantId } = event;
  return {
    action,
    actor,
    at,
    facts: factsOf(facts),
    id,
    identity_id: identityId,
    previous,
    seq,
    subject,
    tenant_id: tenantId,
    version: 1,
  };
}

/** The hash of a link (spec AUD-4). */
export function hashOf(event: StoredEvent, seq: number, previous: string): string {
  return createHash('sha256')
    .update(JSON.stringify(linkOf(event, seq, previous)))
    .digest('hex');
}
