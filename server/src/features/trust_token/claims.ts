import type { ActClaim, TrustTokenClaims } from '@trust-layer/sdk';
import { TrustError } from '../../errors/trust_error.ts';
import { type Instant, SECOND, type Span } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Acting } from '../acting/acting.ts';
import type { IdentityFacts } from '../identity/identity.ts';
import type { OrganisationFacts } from '../organisation/organisation.ts';
import type { Session, Verdict } from '../session/session.ts';

export type { ActClaim, TrustTokenClaims };

/** Bounds of a token's life (spec TOK-3). */
export const MIN_LIFETIME: Span = 5 * SECOND;
export const MAX_LIFETIME: Span = 300 * SECOND;

/** How many callers a chain may hold (spec TOK-31). */
export const MAX_ACT = 8;

/** What every token says of itself, whether issued or exchanged. */
export type TokenFrame = {
  readonly issuer: string;
  readonly audience: string;
  /** Service that asks for the token. */
  readonly caller: string;
  readonly jti: string;
  readonly scope: readonly string[];
  readonly lifetime: Span;
  readonly now: Instant;
};

/** The frame of a token. */
export function newFrame(deps: { readonly newId: NewId }, asked: Omit<TokenFrame, 'jti'>): TokenFrame {
  return { ...asked, jti: deps.newId('tok') };
}

/** Claims for an active session, at the head of a new chain. */
export function issuedClaims(
  frame: TokenFrame,
  session: Session,
  {
    identity,
    organisation,
  }: { readonly identity: IdentityFacts; readonly organisation?: OrganisationFacts | undefined },
  contexts: {
    readonly txn: string;
    readonly transaction: Readonly<Record<string, string>>;
    readonly request: Readonly<Record<string, string>>;
  },
): TrustTokenClaims {
  const { acting } = session;
  const scope = scopeOf(frame.scope, acting);
  return {
    ...framed({ ...frame, scope }, session),
    sub: identity.id,
    sid: session.handle,
    tid: session.tenantId,
    auth_time: Math.floor(session.authenticatedAt / SECOND),
    acr: session.acr,
    amr: session.amr,
    txn: contexts.txn,
    ...(acting && { act: { sub: acting.actor } }),
    // An agent may what its scope says, not what the person may.
    ...(identity.roles.length > 0 && acting?.kind !== 'agent' && { roles: identity.roles }),
    ...(organisation && ofOrganisation(organisation, scope)),
    ...(hasEntries(contexts.transaction) && { tctx: contexts.transaction }),
    ...(hasEntries(contexts.request) && { rctx: contexts.request }),
  };
}

/** What an agent asks for is within its scope; asking for nothing, it gets that. */
function scopeOf(asked: readonly string[], acting: Acting | undefined): readonly string[] {
  if (acting?.kind !== 'agent') return asked;
  if (!asked.every((value) => acting.scope.includes(value))) throw new TrustError('SCOPE_WIDENED');
  return asked.length === 0 ? acting.scope : asked;
}

/** Claims for the next service of a chain (spec TOK-31). `presented` is verified, `session` active. */
export function exchangedClaims(
  frame: TokenFrame,
  presented: TrustTokenClaims,
  { session, identity, organisation }: Verdict & { readonly active: true },
): TrustTokenClaims {
  const held = new Set(presented.scope?.split(' '));
  if (!frame.scope.every((value) => held.has(value))) throw new TrustError('SCOPE_WIDENED');
  if (depth(presented.act) >= MAX_ACT) throw new TrustError('ACT_CHAIN_TOO_LONG');
  const { sub, sid, tid, auth_time, acr, amr, txn, tctx, rctx } = presented;
  const roles = both(presented.roles, identity.roles);
  return {
    ...framed(frame, session),
    sub,
    sid,
    tid,
    auth_time,
    acr,
    amr,
    txn,
    act: { sub: frame.caller, ...(presented.act && { act: presented.act }) },
    ...(roles.length > 0 && { roles }),
    ...(organisation && organisation.id === presented.org && keptOrganisation(presented, organisation, frame.scope)),
    ...(tctx && { tctx }),
    ...(rctx && { rctx }),
  };
}

/** A token with a scope holds no permission outside it (spec ORG-12). */
function ofOrganisation({ id, version, roles, permissions }: OrganisationFacts, scope: readonly string[]) {
  const within = scope.length === 0 ? permissions : both(permissions, scope);
  return {
    org: id,
    org_ver: version,
    ...(roles.length > 0 && { org_roles: roles }),
    ...(within.length > 0 && { permissions: within }),
  };
}

/** No more than the presented token held, nor than holds now. */
function keptOrganisation(presented: TrustTokenClaims, now: OrganisationFacts, scope: readonly string[]) {
  const roles = both(now.roles, presented.org_roles);
  return ofOrganisation({ ...now, roles, permissions: both(now.permissions, presented.permissions) }, scope);
}

const both = (some: readonly string[] = [], others: readonly string[] = []): readonly string[] =>
  some.filter((one) => others.includes(one));

function framed({ issuer, audience, caller, jti, scope, lifetime, now }: TokenFrame, session: Session) {
  const iat = Math.floor(now / SECOND);
  return {
    iss: issuer,
    aud: audience,
    iat,
    exp: expiry(iat, lifetime, session.expiresAt),
    jti,
    ver: session.version,
    epoch: session.epoch,
    req_wl: caller,
    ...(scope.length > 0 && { scope: [...new Set(scope)].join(' ') }),
  };
}

/** The end of a token: never beyond the session's, so that the last seconds of a session give shorter tokens and its last one none. */
function expiry(iat: number, lifetime: Span, sessionEnds: Instant): number {
  const bounded = Math.min(Math.max(lifetime, MIN_LIFETIME), MAX_LIFETIME);
  const exp = Math.min(iat + Math.floor(bounded / SECOND), Math.floor(sessionEnds / SECOND));
  if (exp <= iat) throw new TrustError('SESSION_REJECTED');
  return exp;
}

const hasEntries = (map: Readonly<Record<string, string>>): boolean => Object.keys(map).length > 0;

function depth(act: ActClaim | undefined): number {
  return act === undefined ? 0 : 1 + depth(act.act);
}
