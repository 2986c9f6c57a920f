// The answer of Verify as applications read it. Everything that is not a clear yes is a no (SDK-2, TERM-4).
import {
  type IdentityFacts,
  type OrganisationFacts,
  type Session,
  RejectionReason as WireReason,
  type Verdict as WireVerdict,
} from './gen/trust/v1/session.ts';

/** Why a session is not active. `UNSPECIFIED` stands for an empty or unknown answer. */
export type RejectionReason = keyof typeof WireReason;

/** The session is active. From memory, its facts are made when they are first read: do not spread it. */
export interface ActiveVerdict {
  readonly active: true;
  /** Public facts of the session. */
  readonly session: Session;
  /** The identity behind it. */
  readonly identity: IdentityFacts;
  /** The active organisation, and what the person may do in it; absent where none is active. */
  readonly organisation?: OrganisationFacts | undefined;
  /** Milliseconds for which this answer may be reused; 0 means not at all, as for one from memory. */
  readonly cacheForMs: number;
  /** Set where the session is bound: the answer holds for the client that was asked about alone. */
  readonly clientBound?: true | undefined;
  /** Set only on an answer without a lease, which the call had asked for by `degraded`: a revocation may be unknown. */
  readonly degraded?: true;
}

/** The session is not active. */
export interface RejectedVerdict {
  readonly active: false;
  readonly reason: RejectionReason;
}

/** The answer of `verify`: an answer, never an error. */
export type Verdict = ActiveVerdict | RejectedVerdict;

const REASONS = new Map<number, RejectionReason>(
  Object.entries(WireReason).map(([name, number]) => [number, name as RejectionReason]),
);

/** Reads a verdict off the wire. Active only with a session and its identity in it; all else is rejected (SDK-2). */
export function toVerdict(wire: WireVerdict | undefined): Verdict {
  const answer = wire?.answer;
  if (answer?.$case === 'active') {
    const { session, identity, cacheForMs, organisation, clientBound } = answer.value;
    if (session?.handle && identity?.id && identity.id === session.identityId) {
      const more = { ...(organisation?.id && { organisation }), ...(clientBound && { clientBound: true as const }) };
      return { active: true, session, identity, ...more, cacheForMs };
    }
    return { active: false, reason: 'UNSPECIFIED' };
  }
  const reason = answer?.$case === 'rejected' ? REASONS.get(answer.value.reason) : undefined;
  return { active: false, reason: reason ?? 'UNSPECIFIED' };
}
