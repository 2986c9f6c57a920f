// What Express and Fastify have in common: the answers of the guards.
import { TrustTokenError } from '../errors.ts';
import type { VerifiedTrustToken } from '../request_token.ts';
import type { RequestTrust } from '../request_trust.ts';
import { answer, type FlowAnswer, type FlowRequest, redirect } from '../sign_in_flow.ts';

/** Options of `requireSession`. */
export interface RequireSessionOptions {
  /** Send a browser that navigates to sign-in (default) or answer it 401 as every other client. */
  readonly redirect?: boolean | undefined;
  /** `basePath` of `signInRoutes`. Default `/auth`. */
  readonly basePath?: string | undefined;
}

// A redirect helps only where a person sees the next page; a script or another backend needs the 401.
function navigates({ method, headers }: FlowRequest): boolean {
  const { 'sec-fetch-mode': mode, accept } = headers;
  return method === 'GET' && (mode === undefined ? String(accept ?? '').includes('text/html') : mode === 'navigate');
}

/**
 * Decides whether a request may pass that needs a session (SDK-20).
 * @returns the answer that denies it, or `undefined` if it may pass
 * @throws Error if no `session` middleware has looked at the request
 */
export function denyWithoutSession(
  trust: RequestTrust | undefined | null,
  request: FlowRequest,
  options: RequireSessionOptions = {},
): FlowAnswer | undefined {
  if (!trust) {
    throw new Error('requireSession needs the session middleware before it');
  }
  if (trust.outcome === 'active') {
    return undefined;
  }
  if (trust.outcome === 'error') {
    return answer(503, 'The session could not be checked. Please try again.');
  }
  const { redirect: redirects = true, basePath = '/auth' } = options;
  return redirects && navigates(request)
    ? redirect(`${basePath}/sign-in?${new URLSearchParams({ return_to: request.url })}`, [])
    : answer(401, 'Sign-in required');
}

/** What `requireLevel` asks of a session. */
export interface RequireLevelOptions extends RequireSessionOptions {
  /** The person proved who they are at most so many seconds ago. Default: any time. */
  readonly maxAgeSeconds?: number | undefined;
}

/** Assurance levels that can be asked for (`acr`). */
export type Level = 'aal1' | 'aal2';

const RANKS: Readonly<Record<string, number>> = { aal1: 1, aal2: 2 };

/**
 * Decides whether the session of a request is strong and fresh enough (SDK-25).
 * @returns the answer that denies it, or `undefined` if it may pass
 * @throws Error if no `session` middleware has looked at the request
 */
export function denyBelowLevel(
  trust: RequestTrust | undefined | null,
  request: FlowRequest,
  level: Level,
  options: RequireLevelOptions = {},
  now = Date.now(),
): FlowAnswer | undefined {
  const denied = denyWithoutSession(trust, request, options);
  if (denied !== undefined || !trust) {
    return denied;
  }
  const { redirect: redirects = true, basePath = '/auth', maxAgeSeconds = Number.POSITIVE_INFINITY } = options;
  const { acr = '', authenticatedAt } = trust.session ?? {};
  const age = authenticatedAt === undefined ? Number.POSITIVE_INFINITY : (now - authenticatedAt.getTime()) / 1_000;
  if ((RANKS[acr] ?? 0) >= (RANKS[level] ?? Number.POSITIVE_INFINITY) && !(age > maxAgeSeconds)) {
    return undefined;
  }
  if (redirects && navigates(request)) {
    return redirect(`${basePath}/sign-in?${new URLSearchParams({ return_to: request.url, level })}`, []);
  }
  const bound = Number.isFinite(maxAgeSeconds) ? `, max_age="${maxAgeSeconds}"` : '';
  const challenge = `Session error="insufficient_user_authentication", acr_values="${level}"${bound}`;
  return answer(401, 'A stronger or fresher sign-in is required', { 'www-authenticate': challenge });
}

/**
 * Decides whether a request may do something in the active organisation (SDK-26): by its Trust Token where one was
 * verified, else by its session.
 * @returns the answer that denies it, or `undefined` if it may pass
 * @throws Error if neither `requireTrustToken` nor `session` has looked at the request
 */
export function denyWithoutPermission(
  known: { readonly trust?: RequestTrust | null | undefined; readonly token?: VerifiedTrustToken | undefined },
  request: FlowRequest,
  permission: string,
  options: RequireSessionOptions = {},
): FlowAnswer | undefined {
  const { trust, token } = known;
  const denied = token === undefined ? denyWithoutSession(trust, request, options) : undefined;
  if (denied !== undefined) return denied;
  const held = token === undefined ? trust?.organisation?.permissions : token.claims.permissions;
  return held?.includes(permission) ? undefined : answer(403, 'Not permitted');
}

/** The answer to a request whose Trust Token was not accepted (SDK-22). */
export function denyToken(error: unknown): FlowAnswer {
  // Whatever is not a refusal decided nothing.
  return error instanceof TrustTokenError && error.reason === 'TRUST_TOKEN_REJECTED'
    ? answer(401, 'Trust Token refused', { 'www-authenticate': `Trust-Token error="${error.code}"` })
    : answer(503, 'The Trust Token could not be checked');
}
