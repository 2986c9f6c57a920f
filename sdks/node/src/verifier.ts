// Offline check of Trust Tokens. The order of the checks and their codes are those of spec/03_trust_tokens.md, so that
// every language says the same of the same token.
import { compactVerify } from 'jose';
import { readClaims, type TrustTokenClaims } from './claims.ts';
import { TrustTokenError } from './errors.ts';
import type { KeySource, TrustKey } from './key_source.ts';
import type { TokenDecision } from './lease/machine.ts';
import { parseStrictObject, splitToken } from './token_form.ts';
import type { TrustClient } from './trust_client.ts';

/** Options of `Verifier`. */
export interface VerifierOptions {
  /** Exact `iss` of the tokens. */
  readonly issuer: string;
  /** Name of this service: exact `aud` of the tokens. */
  readonly audience: string;
  /** Where the public keys come from. */
  readonly keySource: KeySource;
  /** Exact `tid` of the tokens. Default `default`. */
  readonly tenantId?: string | undefined;
  /** Seconds by which the clocks of issuer and verifier may differ; 0 to 5. Default 5. */
  readonly leewaySeconds?: number | undefined;
  /** Clock: milliseconds since 1970, UTC. Default `Date.now`. Not with `watch`, where the client's clocks are read. */
  readonly clock?: (() => number) | undefined;
  /**
   * A client of the same tenant that watches: tokens of a session that has ended, or of a key that was retired, are
   * refused within the staleness bound (TOK-28), and none is accepted while that could not be known (TOK-29).
   */
  readonly watch?: Pick<TrustClient, 'judgeToken' | 'awaitLease' | 'tenantId'> | undefined;
}

/** A token whose form, signature and claims are good, whatever the time is. */
interface Checked {
  readonly kid: string;
  readonly claims: TrustTokenClaims;
}

type Judged = ReturnType<TrustClient['judgeToken']>;

const MAX_TOKEN_BYTES = 8_192;
const MAX_LIFETIME_SECONDS = 300;
const MAX_LEEWAY_SECONDS = 5;
const MAX_CHECKED = 10_000;
const HEADER_MEMBERS = ['alg', 'kid', 'typ'] as const;

function frozen(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const member of Object.values(value)) frozen(member);
}

function readHeader(bytes: Uint8Array): Record<(typeof HEADER_MEMBERS)[number], string> {
  const header = parseStrictObject(bytes)?.value;
  if (header === undefined) {
    throw new TrustTokenError('TOKEN_MALFORMED');
  }
  const names = Object.keys(header).sort();
  const exact = names.length === HEADER_MEMBERS.length && HEADER_MEMBERS.every((name, i) => names[i] === name);
  if (!exact || !Object.values(header).every((value) => typeof value === 'string')) {
    throw new TrustTokenError('TOKEN_HEADER');
  }
  return header as Record<(typeof HEADER_MEMBERS)[number], string>;
}

/** Verifies Trust Tokens for one audience. Does no I/O while the key source knows the key and is fresh (SDK-10). */
export class Verifier {
  readonly #issuer: string;
  readonly #audience: string;
  readonly #tenantId: string;
  readonly #keySource: KeySource;
  readonly #leeway: number;
  readonly #clock: () => number;
  readonly #watch: VerifierOptions['watch'];
  /** Tokens that were checked before, by themselves. Only where a change can still refuse them. */
  readonly #checked = new Map<string, Checked>();

  /** @throws TypeError or RangeError if an option is missing or out of bounds */
  constructor(options: VerifierOptions) {
    const { issuer, audience, keySource, tenantId = 'default', leewaySeconds = 5, clock, watch } = options;
    for (const [name, value] of Object.entries({ issuer, audience, tenantId })) {
      if (typeof value !== 'string' || value === '') {
        throw new TypeError(`${name} must be a string that is not empty`);
      }
    }
    if (!(typeof leewaySeconds === 'number' && leewaySeconds >= 0 && leewaySeconds <= MAX_LEEWAY_SECONDS)) {
      throw new RangeError(`leewaySeconds must be 0 to ${MAX_LEEWAY_SECONDS}`);
    }
    if (typeof keySource?.get !== 'function') {
      throw new TypeError('keySource must have a method get');
    }
    if (watch !== undefined && (typeof watch?.judgeToken !== 'function' || watch.tenantId !== tenantId)) {
      throw new TypeError('watch must be a TrustClient of the same tenant');
    }
    if (watch !== undefined && clock !== undefined) {
      throw new TypeError('clock and watch exclude each other: the client reads its own clocks');
    }
    this.#issuer = issuer;
    this.#audience = audience;
    this.#tenantId = tenantId;
    this.#keySource = keySource;
    this.#leeway = leewaySeconds;
    this.#clock = clock ?? Date.now;
    this.#watch = watch;
  }

  /**
   * Verifies a Trust Token (TOK-10 to TOK-25, and where it watches TOK-28 and TOK-29).
   * @param token - JWS in compact form, 1 to 8,192 bytes
   * @returns its claims
   * @throws TrustTokenError with the code of the first check that failed
   */
  async verify(token: string): Promise<TrustTokenClaims> {
    const { kid, claims } = this.#checked.get(token) ?? (await this.#check(token));
    const watch = this.#watch;
    if (watch === undefined) {
      this.#checkInstants(claims, this.#clock());
      return claims;
    }
    const { sid, ver, sub, epoch, org, org_ver: orgVer } = claims;
    const facts = { kid, sid, ver, sub, epoch, org, orgVer };
    if (this.#judge(watch.judgeToken(facts), claims, token) === 'unknown') {
      // The wait may have taken long: all that depends on time is judged again.
      const leased = await watch.awaitLease();
      if (!leased || this.#judge(watch.judgeToken(facts), claims, token) === 'unknown') {
        throw new TrustTokenError('LEASE_LOST');
      }
    }
    return claims;
  }

  #judge({ decision, at }: Judged, claims: TrustTokenClaims, token: string): TokenDecision {
    try {
      this.#checkInstants(claims, at);
      if (decision === 'refuse') throw new TrustTokenError('TOKEN_REVOKED');
      return decision;
    } catch (error) {
      this.#checked.delete(token);
      throw error;
    }
  }

  async #check(token: string): Promise<Checked> {
    if (typeof token !== 'string' || token === '' || Buffer.byteLength(token) > MAX_TOKEN_BYTES) {
      throw new TrustTokenError('TOKEN_SIZE');
    }
    const parts = splitToken(token);
    if (parts === undefined) {
      throw new TrustTokenError('TOKEN_MALFORMED');
    }
    const [headerBytes, payloadBytes] = parts;
    const { typ, alg, kid } = readHeader(headerBytes);
    if (typ !== 'trust+jwt') {
      throw new TrustTokenError('TOKEN_TYPE');
    }
    if (alg !== 'EdDSA' && alg !== 'ES256') {
      throw new TrustTokenError('TOKEN_ALGORITHM');
    }
    const key = await this.#keyOf(kid);
    if (alg !== key.alg) {
      throw new TrustTokenError('TOKEN_ALGORITHM');
    }
    try {
      // The algorithm is the key's; that of the token only had to be equal to it.
      await compactVerify(token, key.key, { algorithms: [key.alg] });
    } catch {
      throw new TrustTokenError('TOKEN_SIGNATURE');
    }
    const checked = { kid, claims: this.#checkClaims(payloadBytes) };
    if (this.#watch !== undefined) this.#keep(token, checked);
    return checked;
  }

  #keep(token: string, checked: Checked): void {
    // Several callers will get these claims.
    frozen(checked.claims);
    this.#checked.set(token, checked);
    if (this.#checked.size > MAX_CHECKED) this.#checked.delete(this.#checked.keys().next().value as string);
  }

  async #keyOf(kid: string): Promise<TrustKey> {
    let key: TrustKey | undefined;
    try {
      key = await this.#keySource.get(kid);
    } catch {
      throw new TrustTokenError('KEYS_UNAVAILABLE');
    }
    if (key === undefined) {
      throw new TrustTokenError('TOKEN_KEY_UNKNOWN');
    }
    return key;
  }

  #checkClaims(payloadBytes: Uint8Array): TrustTokenClaims {
    const payload = parseStrictObject(payloadBytes);
    if (payload === undefined) {
      throw new TrustTokenError('TOKEN_MALFORMED');
    }
    const claims = readClaims(payload);
    if (claims === undefined) {
      throw new TrustTokenError('TOKEN_CLAIMS');
    }
    if (claims.iss !== this.#issuer) {
      throw new TrustTokenError('TOKEN_ISSUER');
    }
    if (claims.aud !== this.#audience) {
      throw new TrustTokenError('TOKEN_AUDIENCE');
    }
    if (claims.tid !== this.#tenantId) {
      throw new TrustTokenError('TOKEN_TENANT');
    }
    const { iat, exp } = claims;
    if (!(exp > iat && exp - iat <= MAX_LIFETIME_SECONDS)) {
      throw new TrustTokenError('TOKEN_LIFETIME');
    }
    return claims;
  }

  // The clock is read last, and compared so that one that gives no number refuses.
  #checkInstants({ iat, exp }: TrustTokenClaims, nowMs: number): void {
    const now = nowMs / 1_000;
    if (!(iat <= now + this.#leeway)) {
      throw new TrustTokenError('TOKEN_NOT_YET_VALID');
    }
    if (!(now < exp + this.#leeway)) {
      throw new TrustTokenError('TOKEN_EXPIRED');
    }
  }
}
