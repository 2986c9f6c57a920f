// Where public keys come from: the JWKS of the issuer, the server itself, or a set given once.
import { CachedKeys } from './cached_keys.ts';
import { type Jwks, type KeySource, readJwks, type TrustKey } from './jwks.ts';
import type { TrustClient } from './trust_client.ts';

export type { Jwks, KeySource, TrustAlgorithm, TrustKey } from './jwks.ts';

/** Keys given once, for tests and closed systems. */
export class StaticKeySource implements KeySource {
  readonly #keys: ReadonlyMap<string, TrustKey>;

  /** @throws TypeError if `jwks` has no list `keys` */
  constructor(jwks: Jwks) {
    this.#keys = readJwks(jwks);
  }

  get(kid: string): TrustKey | undefined {
    return this.#keys.get(kid);
  }
}

/** Options of `JwksKeySource`. */
export interface JwksKeySourceOptions {
  /** Clock: milliseconds since 1970, UTC. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

const MAX_BYTES = 256_000;

async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) {
      throw new Error('the JWKS is too long');
    }
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}

/**
 * The keys that an issuer publishes at `{issuer}/.well-known/jwks.json` (TOK-27). Read when first needed and again
 * after 60 s; at an unknown key id at once, but for that at most once in 10 s. When reading fails, known keys serve
 * until 300 s after the last success. At most 256 kB and 5 s a reading, no redirects.
 */
export class JwksKeySource extends CachedKeys {
  readonly #url: URL;
  readonly #fetch: typeof globalThis.fetch;

  /** @throws TypeError if `url` is not an absolute http or https URL */
  constructor(url: string | URL, options: JwksKeySourceOptions = {}) {
    super(options.clock ?? Date.now);
    this.#url = new URL(url);
    if (this.#url.protocol !== 'https:' && this.#url.protocol !== 'http:') {
      throw new TypeError('the URL of a JWKS must be http or https');
    }
    this.#fetch = options.fetch ?? globalThis.fetch;
  }

  protected override async download(signal: AbortSignal): Promise<Map<string, TrustKey>> {
    const headers = { accept: 'application/jwk-set+json, application/json' };
    const response = await this.#fetch(this.#url, { redirect: 'error', signal, headers });
    if (response.status !== 200 || response.redirected) {
      throw new Error('the JWKS was not answered with 200');
    }
    return readJwks(JSON.parse(await readBody(response)));
  }
}

const KEY_CHANGES: readonly string[] = ['signing_key_changed', 'signing_key_retired', 'changes_missed'];

/**
 * The keys of a client's tenant, by `GetTrustKeys` over its channel (SDK-40). Kept as `JwksKeySource` keeps them, and
 * read again as soon as a change names a signing key.
 */
export class WatchKeySource extends CachedKeys {
  readonly #client: Pick<TrustClient, 'getTrustKeys' | 'onChange'>;
  #watching = false;

  /** @param client - one that watches */
  constructor(client: Pick<TrustClient, 'getTrustKeys' | 'onChange'>, options: { readonly clock?: () => number } = {}) {
    super(options.clock ?? Date.now);
    this.#client = client;
  }

  override get(kid: string): TrustKey | undefined | Promise<TrustKey | undefined> {
    if (!this.#watching) {
      this.#watching = true;
      this.#client.onChange(({ kind }) => {
        if (KEY_CHANGES.includes(kind)) this.outdated();
      });
    }
    return super.get(kid);
  }

  protected override async download(signal: AbortSignal): Promise<Map<string, TrustKey>> {
    const { keys } = await this.#client.getTrustKeys({}, { signal });
    return readJwks({ keys: keys.map(({ jwk }) => JSON.parse(jwk)) });
  }
}
