// The claims of a Trust Token (TOK-2) and their types (TOK-19).
import type { StrictObject } from './token_form.ts';

/** A service that acted, and who called it before (RFC 8693, `act`). At most 8 deep. */
export interface ActClaim {
  readonly sub: string;
  readonly act?: ActClaim;
}

/** Claims of a verified Trust Token. Claims of other names are left out: they mean nothing (TOK-2). */
export interface TrustTokenClaims {
  /** Issuer. */
  readonly iss: string;
  /** The one service that may accept the token. */
  readonly aud: string;
  /** Identity, `idn_…`. */
  readonly sub: string;
  /** When it was issued. Seconds since 1970, UTC. */
  readonly iat: number;
  /** When it ends. Seconds since 1970, UTC; at most 300 after `iat`. */
  readonly exp: number;
  /** Id of the token. */
  readonly jti: string;
  /** Public handle of the session, `ses_…`. */
  readonly sid: string;
  /** Tenant. */
  readonly tid: string;
  /** When the person last proved who they are. Seconds since 1970, UTC. */
  readonly auth_time: number;
  /** Authentication context class: `aal1` or `aal2`. */
  readonly acr: string;
  /** Authentication methods (RFC 8176). */
  readonly amr: readonly string[];
  /** Id of the transaction; the same along the chain of calls. */
  readonly txn: string;
  /** Version of the session, 1 or more. */
  readonly ver: number;
  /** Epoch of the identity, 1 or more. */
  readonly epoch: number;
  /** Service that the token was issued to. */
  readonly req_wl: string;
  /** Scope values, separated by single spaces. */
  readonly scope?: string;
  /** Roles of the identity. */
  readonly roles?: readonly string[];
  /** The active organisation, `org_…`. */
  readonly org?: string;
  /** Version of the organisation, 1 or more. There where `org` is. */
  readonly org_ver?: number;
  /** Roles in the organisation. */
  readonly org_roles?: readonly string[];
  /** What the person may do in the organisation, as far as the token goes. */
  readonly permissions?: readonly string[];
  /** The chain of calling services, latest first. */
  readonly act?: ActClaim;
  /** Facts of the transaction that stay the same along the chain. */
  readonly tctx?: Readonly<Record<string, string>>;
  /** Facts of the request that began the chain. */
  readonly rctx?: Readonly<Record<string, string>>;
}

const WHOLE_NUMBER = /^(?:0|[1-9][0-9]*)$/;
const MAX_ACT_DEPTH = 8;

type Check = (value: unknown, literal: string | undefined) => boolean;

const text: Check = (value) => typeof value === 'string' && value !== '';
const strings: Check = (value) => Array.isArray(value) && value.every((item) => typeof item === 'string');
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const facts: Check = (value) => isObject(value) && Object.values(value).every((item) => typeof item === 'string');

// The literal shows what the parsed value hides: `1.0`, `1e3`, `-0`.
const wholeFrom =
  (least: number): Check =>
  (value, literal) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least && WHOLE_NUMBER.test(literal ?? '');

function act(value: unknown, depth = 1): boolean {
  if (depth > MAX_ACT_DEPTH || !isObject(value) || !Object.hasOwn(value, 'sub') || value.sub === '') {
    return false;
  }
  return Object.entries(value).every(([name, member]) =>
    name === 'act' ? act(member, depth + 1) : typeof member === 'string',
  );
}

const REQUIRED: Readonly<Record<string, Check>> = {
  iss: text,
  aud: text,
  sub: text,
  iat: wholeFrom(0),
  exp: wholeFrom(0),
  jti: text,
  sid: text,
  tid: text,
  auth_time: wholeFrom(0),
  acr: text,
  amr: strings,
  txn: text,
  ver: wholeFrom(1),
  epoch: wholeFrom(1),
  req_wl: text,
};

const OPTIONAL: Readonly<Record<string, Check>> = {
  scope: (value) => typeof value === 'string',
  roles: strings,
  org: text,
  org_ver: wholeFrom(1),
  org_roles: strings,
  permissions: strings,
  act: (value) => act(value),
  tctx: facts,
  rctx: facts,
};

/**
 * Reads the claims out of a payload (TOK-19).
 * @returns those that have a meaning, or `undefined` if one is absent or of a wrong type
 */
export function readClaims(payload: StrictObject): TrustTokenClaims | undefined {
  const claims: Record<string, unknown> = {};
  for (const [checks, required] of [[REQUIRED, true] as const, [OPTIONAL, false] as const]) {
    for (const [name, check] of Object.entries(checks)) {
      if (Object.hasOwn(payload.value, name)) {
        if (!check(payload.value[name], payload.numbers.get(name))) {
          return undefined;
        }
        claims[name] = payload.value[name];
      } else if (required) {
        return undefined;
      }
    }
  }
  // What holds in an organisation can be taken back only where it is said which one, and as of when.
  const whole = 'org' in claims && 'org_ver' in claims;
  const part = ['org', 'org_ver', 'org_roles', 'permissions'].some((name) => name in claims);
  return part && !whole ? undefined : (claims as unknown as TrustTokenClaims);
}
