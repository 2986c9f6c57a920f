import { invalidField, TrustError } from '../../errors/trust_error.ts';
import { DAY, type Instant, type Span } from '../../kernel/clock.ts';
import type { Identity } from '../identity/identity.ts';

/** For how long an identity can be locked at most. */
export const LONGEST_LOCK: Span = 366 * DAY;

/** Whether an identity may sign in, and why not: disabled until somebody enables it, or locked until an instant (spec ACC-12). */
export type Standing = 'active' | 'disabled' | 'locked';

export const standingOf = ({ active, lockedUntil }: Pick<Identity, 'active' | 'lockedUntil'>): Standing => {
  if (active) return 'active';
  return lockedUntil === undefined ? 'disabled' : 'locked';
};

/** What the audit event says of it. */
export const standingFacts = ({ stateReason, lockedUntil }: Identity): Readonly<Record<string, string>> => ({
  ...(stateReason && { reason: stateReason }),
  ...(lockedUntil !== undefined && { until: new Date(lockedUntil).toISOString() }),
});

/** Disabled, for this reason; undefined where it is so already. */
export function disabled(before: Identity, reason: string): Identity | undefined {
  if (standingOf(before) === 'disabled' && (before.stateReason ?? '') === reason) return undefined;
  return { ...before, active: false, stateReason: reason || undefined, lockedUntil: undefined };
}

/** Locked until an instant. Errors: INVALID_FIELD, IDENTITY_DISABLED. */
export function locked(before: Identity, reason: string, until: Instant, now: Instant): Identity {
  if (!(until > now && until <= now + LONGEST_LOCK)) {
    throw invalidField('until', `must be in the future, at most ${LONGEST_LOCK / DAY} days from now`);
  }
  if (standingOf(before) === 'disabled') throw new TrustError('IDENTITY_DISABLED');
  return { ...before, active: false, stateReason: reason || undefined, lockedUntil: until };
}

/** Able to sign in again; undefined where it is. */
export const enabled = (before: Identity): Identity | undefined =>
  before.active ? undefined : { ...before, active: true, stateReason: undefined, lockedUntil: undefined };
