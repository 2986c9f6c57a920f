// Assembles tokens from parts, so that each part can be wrong by itself.
import { type Jwk, key, signature } from './keys.ts';

export const NOW = 1_900_000_000;

export interface Settings {
  readonly issuer: string;
  readonly audience: string;
  readonly tenant_id: string;
  readonly leeway_seconds: number;
  readonly now: number;
}

export const SETTINGS: Settings = {
  issuer: 'https://trust.example',
  audience: 'orders',
  tenant_id: 'default',
  leeway_seconds: 5,
  now: NOW,
};

export interface Vector {
  readonly name: string;
  readonly rule: string;
  readonly class: string;
  readonly token: string;
  readonly expect: string;
  readonly claims?: Claims;
}

export type Claims = Record<string, unknown>;

/** A part: an object to be written as JSON, a JSON text as it is, or bytes. */
export type Part = object | string | Uint8Array;

export interface Parts {
  readonly key?: Jwk;
  readonly header?: Part;
  readonly payload?: Part;
  readonly sign?: (input: string) => Uint8Array;
}

const REQUIRED: Claims = {
  iss: SETTINGS.issuer,
  aud: SETTINGS.audience,
  sub: 'idn_0b6f1d2e3c4a59687786a5b4c3d2e1f0',
  iat: NOW - 10,
  exp: NOW + 50,
  jti: '6f1c7a52-0c58-4b1e-9d0a-2f4be1a3c977',
  sid: 'ses_5a1e0cc27bd94f3f8e6d7c8b9a0f1e2d',
  tid: SETTINGS.tenant_id,
  auth_time: NOW - 4_000,
  acr: 'aal1',
  amr: ['pwd'],
  txn: 'c0a8f6de-7a1c-4a5b-8f29-5be0c7f3d9e1',
  ver: 1,
  epoch: 1,
  req_wl: 'web',
};

const KNOWN = new Set([
  ...Object.keys(REQUIRED),
  'scope',
  'roles',
  'org',
  'org_ver',
  'org_roles',
  'permissions',
  'act',
  'tctx',
  'rctx',
]);

/** The claims that every token holds, changed by `changes`; `undefined` takes one away. */
export function claims(changes: Claims = {}): Claims {
  return Object.fromEntries(Object.entries({ ...REQUIRED, ...changes }).filter(([, value]) => value !== undefined));
}

/** The names of the claims that must be present. */
export const requiredNames = Object.keys(REQUIRED);

/** The claims that a verifier gives back: those with a meaning. */
export function known(payload: Claims): Claims {
  return Object.fromEntries(Object.entries(payload).filter(([name]) => KNOWN.has(name)));
}

export function header(jwk: Jwk, changes: Claims = {}): Claims {
  const all = { typ: 'trust+jwt', alg: jwk.alg, kid: jwk.kid, ...changes };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The JSON text of an object with more text put before its closing brace. */
export function withMembers(object: object, more: string): string {
  return `${JSON.stringify(object).slice(0, -1)},${more}}`;
}

export function base64url(part: Part): string {
  if (part instanceof Uint8Array) return Buffer.from(part).toString('base64url');
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part), 'utf8').toString('base64url');
}

/** A whole token; whatever is not given is right. */
export function token(parts: Parts = {}): string {
  const jwk = parts.key ?? key('ed_1');
  const input = `${base64url(parts.header ?? header(jwk))}.${base64url(parts.payload ?? claims())}`;
  return `${input}.${base64url(parts.sign ? parts.sign(input) : signature(jwk, input))}`;
}

/** Callers nested `depth` deep, the outermost the latest. */
export function actors(depth: number, innermost: object = { sub: 'caller-1' }): object {
  let act = innermost;
  for (let level = 2; level <= depth; level += 1) act = { sub: `caller-${level}`, act };
  return act;
}

/** An object as deep as asked for, as JSON text; `core` stands innermost. */
export function deep(depth: number, core: string): string {
  return `${'{"a":'.repeat(depth)}${core}${'}'.repeat(depth)}`;
}
