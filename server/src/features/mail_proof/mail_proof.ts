import { type Instant, MINUTE, type Span } from '../../kernel/clock.ts';
import type { Within } from '../cascade/cascade.ts';

/** What a proof is for. One of one kind is no proof of another. */
export type Purpose = 'sign_in' | 'reset' | 'verify';

/** How long code and link of a mail are accepted (spec MAIL-7). */
export const PROOF_LIFETIMES: Readonly<Record<Purpose, Span>> = {
  sign_in: 10 * MINUTE,
  reset: 15 * MINUTE,
  verify: 15 * MINUTE,
};

/** Wrong guesses at one code (spec MAIL-8). */
export const MAX_GUESSES = 5;

/** That somebody reads the mail of an address: begun with a mail, proved by its code or its link. As the store keeps it. */
export type MailProof = {
  readonly tenantId: string;
  /** Digest of the flow token, which whoever began it holds. */
  readonly digest: string;
  /** Digest of the link's token, which stands in the mail alone. */
  readonly linkDigest: string;
  /** Keyed digest of the code. */
  readonly codeDigest: string;
  readonly purpose: Purpose;
  /** Empty where there is no account: nothing proves such a one, and nothing tells it apart before. */
  readonly identityId: string;
  /** Epoch of the identity at the beginning. */
  readonly epoch: number;
  readonly email: string;
  /** The address that `email` takes the place of; empty if none. */
  readonly replaces: string;
  /** The transaction of the browser in which it was begun; empty for callers that hold the flow token alone. */
  readonly binding: string;
  /** Where that browser was on the way to, as JSON of its query; empty if nowhere. */
  readonly request: string;
  /** The session or sign-in in which it was begun, which goes on. */
  readonly within?: Within | undefined;
  readonly expiresAt: Instant;
};
