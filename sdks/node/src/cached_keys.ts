// Keys that are read from somewhere and kept for a while, as TOK-27 says.
import type { KeySource, TrustKey } from './jwks.ts';

const READ_TIMEOUT_MS = 5_000;
const FRESH_MS = 60_000;
const USABLE_MS = 300_000;
const RETRY_MS = 10_000;

/**
 * Reads keys when first needed and again after 60 s; at an unknown key id at once, but for that at most once in 10 s.
 * When reading fails, known keys serve until 300 s after the last success. At most 5 s a reading.
 */
export abstract class CachedKeys implements KeySource {
  readonly #clock: () => number;
  #keys: ReadonlyMap<string, TrustKey> = new Map();
  #readAt = Number.NaN;
  #triedAt = Number.NaN;
  #searchedAt = Number.NaN;
  #failed = false;
  #reading: Promise<void> | undefined;

  /** @param clock - milliseconds since 1970, UTC */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Reads all keys. Rejects if it cannot. */
  protected abstract download(signal: AbortSignal): Promise<ReadonlyMap<string, TrustKey>>;

  /** What was read may be out of date: reads again, after a reading that may have begun before. */
  protected outdated(): void {
    this.#searchedAt = Number.NaN;
    if (this.#reading === undefined) void this.#read();
    else void this.#reading.then(() => this.#read());
  }

  /**
   * Finds a key; does no I/O while it is known and fresh.
   * @throws Error if the keys could not be read
   */
  get(kid: string): TrustKey | undefined | Promise<TrustKey | undefined> {
    const known = this.#keys.get(kid);
    return known !== undefined && this.#within(this.#readAt, FRESH_MS) ? known : this.#find(kid, known !== undefined);
  }

  async #find(kid: string, known: boolean): Promise<TrustKey | undefined> {
    if (!this.#within(this.#readAt, FRESH_MS)) {
      // While the issuer is down, nobody waits for a key that still serves.
      const waits = !(known && this.#failed && this.#within(this.#readAt, USABLE_MS));
      if (this.#reading !== undefined || !this.#failed || !this.#within(this.#triedAt, RETRY_MS)) {
        const reading = this.#read();
        await (waits ? reading : undefined);
        // This reading has looked for the unknown key too; the next that is asked for it may come in 10 s.
        this.#searchedAt = known || this.#keys.has(kid) ? this.#searchedAt : this.#triedAt;
      }
    } else if (this.#reading !== undefined || !this.#within(this.#searchedAt, RETRY_MS)) {
      this.#searchedAt = this.#clock();
      await this.#read();
    }
    const key = this.#keys.get(kid);
    if (!this.#within(this.#readAt, USABLE_MS) || (key === undefined && this.#failed)) {
      // Of a key id that was never seen nothing can be said while the issuer cannot be asked.
      throw new Error('the keys could not be read');
    }
    return key;
  }

  // False also before the first time and where the clock was set back: then the age is not known.
  #within(since: number, spanMs: number): boolean {
    const age = this.#clock() - since;
    return age >= 0 && age < spanMs;
  }

  // Never rejects; those who come while a reading is under way share it.
  #read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    const startedAt = this.#clock();
    this.#triedAt = startedAt;
    const abort = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error('the keys took too long'));
        abort.abort();
      }, READ_TIMEOUT_MS);
    });
    try {
      this.#keys = await Promise.race([this.download(abort.signal), timeout]);
      // The keys are as old as the question, not as the answer.
      this.#readAt = startedAt;
      this.#failed = false;
    } catch {
      this.#failed = true;
    } finally {
      clearTimeout(timer);
      // Ends what a refused answer left open.
      abort.abort();
    }
  }
}
