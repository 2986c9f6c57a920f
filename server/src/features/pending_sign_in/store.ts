import type { Instant } from '../../kernel/clock.ts';
import type { Trail } from '../change/change.ts';
import type { Method } from '../mfa/assurance.ts';
import type { PendingSignIn } from './pending_sign_in.ts';

/** How many tries there may be: in one pending sign-in, and in all of the identity that are alive and unfinished. */
export type AttemptLimits = { readonly each: number; readonly identity: number };

export type PendingSignInStore = {
  insert(pending: PendingSignIn, trail: Trail): Promise<void>;
  /** Alive: neither spent nor past its time. */
  read(tenantId: string, digest: string, now: Instant): Promise<PendingSignIn | undefined>;
  /** Counts a try before it is made. However many callers there are on however many nodes, no more than the limits hear `ok`. */
  attempt(pending: PendingSignIn, limits: AttemptLimits, now: Instant): Promise<'ok' | 'used_up' | 'identity_used_up'>;
  /** Notes what was proved, for a pending sign-in that goes on. */
  prove(pending: PendingSignIn, proved: readonly Method[]): Promise<void>;
  /** Finishes it, for exactly one caller: the epoch that it is in by then. */
  spend(pending: PendingSignIn, now: Instant, trail: Trail): Promise<number | undefined>;
};
