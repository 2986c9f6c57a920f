import { isAllowedReturnTo } from './return_to.ts';

/** What the backend's middleware asks for when it sends a browser to the hosted page. Checked. */
export type SignInRequest = {
  readonly returnTo: string;
  readonly state: string;
  readonly codeChallenge: string;
  /** The assurance that is asked for, where it is more than the tenant's policy asks (spec MFA-8). */
  readonly acr?: 'aal2' | undefined;
};

/** The fields of the query, by their names there; undefined where absent. */
export type SignInQuery = Readonly<
  Record<'return_to' | 'state' | 'code_challenge' | 'code_challenge_method', string | undefined>
> & { readonly acr_values?: string | undefined };

/** The first field that is not as it must be. */
export type SignInRequestFault = keyof SignInQuery;

const STATE = /^[A-Za-z0-9._~-]{16,256}$/;
const CHALLENGE = /^[A-Za-z0-9._~-]{43}$/;

/** Checks what stands in the query (spec RED-1, RED-2). A fault means: error page, no redirect. */
export function readSignInRequest(
  listed: readonly string[],
  query: SignInQuery,
): { readonly request: SignInRequest } | { readonly fault: SignInRequestFault } {
  const { return_to: returnTo, state, code_challenge: codeChallenge } = query;
  if (returnTo === undefined || !isAllowedReturnTo(listed, returnTo)) return { fault: 'return_to' };
  if (state === undefined || !STATE.test(state)) return { fault: 'state' };
  if (codeChallenge === undefined || !CHALLENGE.test(codeChallenge)) return { fault: 'code_challenge' };
  if (query.code_challenge_method !== 'S256') return { fault: 'code_challenge_method' };
  const acr = query.acr_values;
  if (acr !== undefined && acr !== 'aal1' && acr !== 'aal2') return { fault: 'acr_values' };
  return { request: { returnTo, state, codeChallenge, ...(acr === 'aal2' ? { acr } : {}) } };
}
