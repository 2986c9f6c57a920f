import { MINUTE, SECOND, type Span } from '../../kernel/clock.ts';

/** Who acts in a session in the place of its person: support, or an agent that the person sent (spec ACC-5). */
export type Acting = {
  readonly kind: 'support' | 'agent';
  /** Who acts: the name that tokens and the audit trail show. */
  readonly actor: string;
  /** Why, in words. Support says it. */
  readonly reason: string;
  /** Service that began it. */
  readonly service: string;
  /** What its caller proved itself by: the id of a service key. The session ends with it. */
  readonly key: string;
  /** An agent's: handle of the session that it was sent from, and ends with. */
  readonly parent: string;
  /** An agent's: all that its Trust Tokens may hold. */
  readonly scope: readonly string[];
};

/** How long it may last. */
export const MIN_ACTING: Span = 60 * SECOND;
export const MAX_ACTING: Readonly<Record<Acting['kind'], Span>> = { support: 60 * MINUTE, agent: 24 * 60 * MINUTE };
