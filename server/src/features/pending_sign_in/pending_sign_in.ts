import { type Instant, MINUTE } from '../../kernel/clock.ts';
import type { Method } from '../mfa/assurance.ts';

/** How long a sign-in may wait for what is still asked (spec MFA-3). */
export const PENDING_LIFETIME = 10 * MINUTE;

/** Tries to guess in one pending sign-in, and in all of one identity that are alive and unfinished (spec MFA-4). */
export const MAX_ATTEMPTS = 5;
export const MAX_ATTEMPTS_OF_IDENTITY = 10;

/** A sign-in between its first proof and its session, as the store keeps it. */
export type PendingSignIn = {
  readonly tenantId: string;
  readonly digest: string;
  readonly identityId: string;
  /** Epoch of the identity at the first proof. */
  readonly epoch: number;
  /** Handle of the session that is stepped up; undefined where the sign-in ends in a new one. */
  readonly sessionHandle: string | undefined;
  /** Goes on though nothing more is asked, until its person says that they are done: for the page of all factors. */
  readonly held: boolean;
  readonly proved: readonly Method[];
  readonly authenticatedAt: Instant;
  /** What holds it beside its token: the transaction of a browser. Empty for callers that hold the token alone. */
  readonly binding: string;
  readonly expiresAt: Instant;
};
