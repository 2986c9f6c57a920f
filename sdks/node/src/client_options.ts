// Options of the client and of its calls, and their bounds.
import type { ChannelSettings, TlsOptions } from './channel.ts';
import type { ClientFacts } from './client_facts.ts';
import type { CallOptions } from './rpc.ts';
import type { Clocks } from './watch/clocks.ts';

/** Options of `TrustClient`. Nothing is read from the environment. */
export interface TrustClientOptions extends ChannelSettings {
  /** `host:port`, a list of them (round robin over all), or a gRPC target such as `dns:///trust-layer:50051`. */
  readonly address: string | readonly string[];
  /** Service key `tlk_…`, sent as `authorization: Bearer`. Not needed where a client certificate names the service. */
  readonly serviceKey?: string | undefined;
  /** Tenant of every request that names none. Default `default`. */
  readonly tenantId?: string | undefined;
  /** Roots, client certificate and server name. Default: the system's roots. */
  readonly tls?: TlsOptions | undefined;
  /**
   * Plain text. By default only if every address is loopback and `tls` is absent; beyond loopback it must be asked for
   * by `true`, for then the service key travels unprotected. `false` asks for TLS on loopback too.
   */
  readonly plaintext?: boolean | undefined;
  /** Deadline of each call in milliseconds, all retries included; 1 to 3,600,000. Default 3,000. */
  readonly timeoutMs?: number | undefined;
  /**
   * Keep verdicts in memory and answer from there while a lease proves them fresh (spec, chapter 6). Default true;
   * `false` asks the server each time, for commands and functions that end soon. Needs the scope `sessions:verify`.
   */
  readonly watch?: boolean | undefined;
  /** Sessions in memory at most; 1 to 10,000,000. Default 100,000. */
  readonly maxEntries?: number | undefined;
  /** Both clocks of this machine, read at once; tests give their own. Default: `performance.now` and `Date.now`. */
  readonly clocks?: Clocks | undefined;
}

/** What both ways of asking about sessions take. */
interface AskOptions extends CallOptions {
  /** `BOUNDED` (default): at most the staleness bound old. `STRONG`: read from the primary after the call arrived. */
  readonly consistency?: 'BOUNDED' | 'STRONG' | undefined;
}

/** Options of `batchVerify`. */
export interface BatchVerifyOptions extends AskOptions {
  /** Who presents each session_id, in their order. Bound sessions are rejected without it. */
  readonly clients?: readonly ClientFacts[] | undefined;
}

/** Options of `verify`. */
export interface VerifyOptions extends AskOptions {
  /** Who presents the session_id. A session that is bound to its network or device is rejected without it. */
  readonly client?: ClientFacts | undefined;
  /**
   * If the server cannot be asked, take a yes from memory that is at most `maxStaleMs` old (1 to 300,000), without a
   * lease. **A revocation of that long ago may be unknown here.** The verdict then has `degraded: true`.
   */
  readonly degraded?: { readonly maxStaleMs: number } | undefined;
}

const MAX_TIMEOUT_MS = 3_600_000;
const MAX_STALE_MS = 300_000;
const MAX_ENTRIES = 10_000_000;

/** @throws RangeError if it is out of bounds */
export function checkTimeout(timeoutMs: number): number {
  if (!(typeof timeoutMs === 'number' && timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS)) {
    throw new RangeError(`timeoutMs must be 1 to ${MAX_TIMEOUT_MS}`);
  }
  return timeoutMs;
}

/** @throws TypeError or RangeError if an option that is no part of the channel is malformed */
export function checkOptions({ serviceKey, tenantId, watch, maxEntries, timeoutMs }: TrustClientOptions): void {
  if (serviceKey !== undefined && !(typeof serviceKey === 'string' && /^[\x21-\x7e]{1,256}$/.test(serviceKey))) {
    throw new TypeError('serviceKey must be 1 to 256 visible ASCII characters');
  }
  if (tenantId !== undefined && typeof tenantId !== 'string') {
    throw new TypeError('tenantId must be a string');
  }
  if (watch !== undefined && typeof watch !== 'boolean') {
    throw new TypeError('watch must be true or false');
  }
  if (maxEntries !== undefined && !(Number.isInteger(maxEntries) && maxEntries >= 1 && maxEntries <= MAX_ENTRIES)) {
    throw new RangeError(`maxEntries must be 1 to ${MAX_ENTRIES}`);
  }
  if (timeoutMs !== undefined) checkTimeout(timeoutMs);
}

/** @throws TypeError if `consistency` is not one */
export function isStrong(options: AskOptions | undefined): boolean {
  const name = options?.consistency ?? 'BOUNDED';
  if (name !== 'BOUNDED' && name !== 'STRONG') {
    throw new TypeError('consistency must be BOUNDED or STRONG');
  }
  return name === 'STRONG';
}

/** @throws RangeError if it is out of bounds */
export function maxStaleOf(options: VerifyOptions | undefined): number | undefined {
  const maxStaleMs = options?.degraded?.maxStaleMs;
  const inBounds = typeof maxStaleMs === 'number' && maxStaleMs >= 1 && maxStaleMs <= MAX_STALE_MS;
  if (options?.degraded !== undefined && !inBounds) {
    throw new RangeError(`degraded.maxStaleMs must be 1 to ${MAX_STALE_MS}`);
  }
  return maxStaleMs;
}
