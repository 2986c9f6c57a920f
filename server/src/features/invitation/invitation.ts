import { DAY, HOUR, type Instant, type Span } from '../../kernel/clock.ts';

/** One address that may become a member of an organisation. `digest` stands for the token of its link. */
export type Invitation = {
  readonly tenantId: string;
  readonly id: string;
  readonly organisationId: string;
  /** Canonical; empty once it was accepted or revoked, so that nothing of a person is kept. */
  readonly email: string;
  /** Numbers of roles, as a membership has them: one that is made anew by the same name is another. */
  readonly roles: readonly number[];
  readonly digest: string;
  /** Where the page leads afterwards; empty if nowhere. */
  readonly returnTo: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly acceptedAt: Instant | undefined;
  readonly revokedAt: Instant | undefined;
};

/** Bounds of the time for which a link works (spec INV-3). */
export const LIFETIME: Span = 7 * DAY;
export const MIN_LIFETIME: Span = HOUR;
export const MAX_LIFETIME: Span = 30 * DAY;

/** At most this many of an organisation wait at a time. */
export const MAX_PENDING = 1_000;

/** One that is over is deleted so long after its time. */
export const KEPT_FOR: Span = 30 * DAY;

export type Over = 'unknown' | 'accepted' | 'revoked' | 'expired';

/** Why an invitation cannot be accepted any more; undefined if it can. */
export function overOf({ acceptedAt, revokedAt, expiresAt }: Invitation, now: Instant): Over | undefined {
  if (acceptedAt !== undefined) return 'accepted';
  if (revokedAt !== undefined) return 'revoked';
  return now < expiresAt ? undefined : 'expired';
}
