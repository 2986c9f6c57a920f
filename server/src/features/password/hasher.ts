import { hash, parseOptions, verify } from '@node-rs/argon2';
import { TrustError } from '../../errors/trust_error.ts';
import type { Random } from '../../kernel/random.ts';

/** What a hash costs (spec PWD-2): at least 19,456 KiB, 2 passes, 1 lane. */
export type HashParameters = { readonly memoryKib: number; readonly passes: number; readonly lanes?: number };

export type HasherOptions = HashParameters & {
  /** Hashes computed at a time. */
  readonly concurrency: number;
  /** Hashes that may wait; one more is answered HASHING_BUSY (spec PWD-4). */
  readonly queue: number;
  readonly random: Random;
  /** The queue, where others stand in it too; by default one of its own. */
  readonly enter?: Turnstile;
};

/** Hashes passwords as PHC strings. Every call takes a place in one bounded queue. Errors: HASHING_BUSY. */
export type Hasher = {
  hash(password: string): Promise<string>;
  /** Whether the password is that of `stored`. Without one, a dummy is checked, so that the answer takes as long (spec PWD-3). */
  verify(stored: string | undefined, password: string): Promise<boolean>;
  /** Whether the parameters grew since `stored` was made. */
  needsRehash(stored: string): boolean;
};

// The numbers of @node-rs/argon2's ambient enums, which type stripping cannot read.
const ARGON2ID = 2;
const VERSION_19 = 1;

const SALT_BYTES = 16;
const RETRY_AFTER_MS = 1_000;

/** Makes a hasher; its dummy hash is computed here, once. */
export async function createHasher(options: HasherOptions): Promise<Hasher> {
  const { memoryKib, passes, lanes = 1, random } = options;
  const enter = options.enter ?? turnstile(options.concurrency, options.queue);
  const make = (password: string) =>
    hash(password, {
      algorithm: ARGON2ID,
      version: VERSION_19,
      memoryCost: memoryKib,
      timeCost: passes,
      parallelism: lanes,
      salt: random(SALT_BYTES),
    });
  const dummy = await make(Buffer.from(random(32)).toString('base64url'));

  return {
    hash: (password) => enter(() => make(password)),
    async verify(stored, password) {
      const matches = await enter(() => verify(stored ?? dummy, password));
      return matches && stored !== undefined;
    },
    needsRehash(stored) {
      const used = parseOptions(stored);
      if (used.algorithm !== ARGON2ID || used.version !== VERSION_19) return true;
      return used.memoryCost < memoryKib || used.timeCost < passes || used.parallelism < lanes;
    },
  };
}

/** Runs a work when its turn comes. Errors: HASHING_BUSY. */
export type Turnstile = <T>(work: () => Promise<T>) => Promise<T>;

/** Lets `concurrency` works run at a time, in the order in which they came, and `queue` more wait. */
export function turnstile(concurrency: number, queue: number): Turnstile {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running < concurrency) running++;
    else if (waiting.length >= queue) throw new TrustError('HASHING_BUSY', { retryAfterMs: RETRY_AFTER_MS });
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place passes to the next in line without ever being free, so that no newcomer slips in between.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
