import { type Instant, MINUTE, type Span } from '../../kernel/clock.ts';
import type { Acting } from '../acting/acting.ts';
import type { IdentityFacts } from '../identity/identity.ts';
import type { OrganisationFacts } from '../organisation/organisation.ts';
import { type Binding, type ClientFacts, fits } from '../session_binding/binding.ts';

/** A use within this share of the idle time-out after the last one that counted, and within this span, is not worth a write (spec SES-9). */
export const USE_SHARE = 100;
export const MAX_USE_GRAIN: Span = 10 * MINUTE;

export function useGrain(idleTimeout: Span): Span {
  return Math.min(MAX_USE_GRAIN, idleTimeout / USE_SHARE);
}

/** What is known of the device behind a session: shown, and what a session is bound to is made of it. */
export type Device = { readonly userAgent: string; readonly ipAddress: string; readonly label: string };

/** A session as the store keeps it. The session_id itself is kept nowhere: `digest` stands for it. */
export type Session = {
  readonly tenantId: string;
  readonly handle: string;
  readonly digest: string;
  readonly identityId: string;
  readonly version: number;
  readonly epoch: number;
  readonly authenticatedAt: Instant;
  readonly acr: string;
  readonly amr: readonly string[];
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant;
  readonly expiresAt: Instant;
  readonly idleTimeout: Span;
  /** When it was ended; undefined while it was not. */
  readonly revokedAt: Instant | undefined;
  readonly device: Device;
  /** From where alone its session_id is accepted; undefined where from anywhere. */
  readonly binding?: Binding | undefined;
  /** Who acts in it in the place of the person; undefined where the person does. */
  readonly acting?: Acting | undefined;
  /** The active organisation; undefined where none is. */
  readonly organisationId: string | undefined;
};

/** A session with the facts of its identity, as one look-up gives them; no facts once the identity is gone. */
export type SessionWithIdentity = {
  readonly session: Session;
  readonly identity: (IdentityFacts & { readonly active: boolean }) | undefined;
  /** What holds in the active organisation; undefined where none is, or the identity is no member. */
  readonly organisation?: OrganisationFacts | undefined;
  /** Whether the tenant is suspended. */
  readonly suspended?: boolean | undefined;
};

export type Rejection = 'MALFORMED' | 'UNKNOWN' | 'REVOKED' | 'EXPIRED' | 'CLIENT_MISMATCH' | 'TENANT_SUSPENDED';

export type Verdict =
  | {
      readonly active: true;
      readonly session: Session;
      readonly identity: IdentityFacts;
      readonly organisation?: OrganisationFacts | undefined;
    }
  | { readonly active: false; readonly reason: Rejection };

/**
 * Decides whether a session is active (spec SES-1, SES-2). The one place where this is decided. With `client` as for who presents its session_id, which
 * a bound session is not active for from elsewhere (spec SES-16).
 */
export function judge(found: SessionWithIdentity | undefined, now: Instant, client?: ClientFacts): Verdict {
  if (found === undefined) return { active: false, reason: 'UNKNOWN' };
  const { session, identity, organisation } = found;
  if (
    session.revokedAt !== undefined ||
    identity === undefined ||
    !identity.active ||
    session.epoch !== identity.epoch
  ) {
    return { active: false, reason: 'REVOKED' };
  }
  if (!(now < session.expiresAt && now < session.lastUsedAt + session.idleTimeout)) {
    return { active: false, reason: 'EXPIRED' };
  }
  if (client !== undefined && !fits(session.binding, client)) return { active: false, reason: 'CLIENT_MISMATCH' };
  // Last: it says that the session may go on.
  if (found.suspended === true) return { active: false, reason: 'TENANT_SUSPENDED' };
  return { active: true, session, identity, organisation: organisation && withinScope(organisation, session.acting) };
}

/** An agent has no role of the person's, and may what its scope says (spec ORG-13). */
function withinScope(organisation: OrganisationFacts, acting: Acting | undefined): OrganisationFacts {
  if (acting?.kind !== 'agent') return organisation;
  const permissions = organisation.permissions.filter((permission) => acting.scope.includes(permission));
  return { ...organisation, roles: [], permissions };
}
