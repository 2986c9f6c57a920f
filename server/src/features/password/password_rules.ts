import { Worker } from 'node:worker_threads';
import { invalidField, TrustError } from '../../errors/trust_error.ts';
import { startedFile } from '../../kernel/source_file.ts';
import type { Identifier } from '../identity/identity.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { StrengthAnswer, StrengthQuestion } from './strength_worker.ts';

/** Bounds of a password, in characters and in bytes of UTF-8 (spec PWD-1). */
const MIN_PASSWORD_CHARACTERS = 8;
const MAX_PASSWORD_BYTES = 1_024;

/** Refuses a password that is too long to be hashed (spec PWD-1). */
export function refuseOverlong(password: string, field = 'password'): void {
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    throw invalidField(field, `must be at most ${MAX_PASSWORD_BYTES} bytes`);
  }
}

/** What an identity is known by; a password must not hold it. */
export type KnownBy = readonly Pick<Identifier, 'type' | 'value'>[];

/** Refuses a new password that breaks PWD-1 or PWD-5. `words` are those of the place. Errors: INVALID_FIELD, WEAK_PASSWORD, HASHING_BUSY. */
export async function refuseUnfit(
  strength: PasswordStrength,
  password: string,
  knownBy: KnownBy,
  words: readonly string[],
): Promise<void> {
  refuseOverlong(password);
  if ([...password].length < MIN_PASSWORD_CHARACTERS)
    throw invalidField('password', `must be at least ${MIN_PASSWORD_CHARACTERS} characters`);
  if (holdsIdentifier(password, knownBy)) throw weak('must not hold an identifier of its owner');
  if (await strength.isWeak(password, [...knownBy.flatMap(namesOf), ...words])) throw weak('is too easy to guess');
}

/** What a stranger tries first at a tenant: words of its name, and names in the addresses of its apps (spec PWD-5). */
export function wordsOfTenant({
  displayName,
  returnTo,
}: Pick<TenantSettings, 'displayName' | 'returnTo'>): readonly string[] {
  const names = [displayName.replaceAll(/\s+/g, ''), ...displayName.split(/\s+/)];
  // Without the last label, which names no app; so nothing is left of localhost.
  const hosts = returnTo.flatMap((url) => new URL(url).hostname.split('.').slice(0, -1));
  const words = new Set([...names, ...hosts].map((word) => word.toLowerCase()));
  return [...words].filter((word) => word.length >= SHORTEST_NAME && !/^\d+$/.test(word));
}

const weak = (description: string) => new TrustError('WEAK_PASSWORD', { fields: [{ field: 'password', description }] });

/** Whether a password holds an identifier, or the name before the `@` of one, in whatever case. */
export function holdsIdentifier(password: string, knownBy: KnownBy): boolean {
  const folded = password.toLowerCase();
  return knownBy.flatMap(namesOf).some((name) => folded.includes(name));
}

/** Names of under three characters are in half of all good passwords by chance. */
const SHORTEST_NAME = 3;

function namesOf({ type, value }: Pick<Identifier, 'type' | 'value'>): string[] {
  const short = type === 'email' ? value.slice(0, value.lastIndexOf('@')) : value.replace(/^\+/, '');
  return [...new Set([value, short].map((name) => name.toLowerCase()))].filter((name) => name.length >= SHORTEST_NAME);
}

/** Guesses how soon a password would be guessed. `words` are what an attacker knows of its owner. Errors: HASHING_BUSY. */
export type PasswordStrength = {
  isWeak(password: string, words: readonly string[]): Promise<boolean>;
  close(): Promise<void>;
};

/** A judge to whom what was breached is weak before it is guessed at. */
export function refusingBreached(
  strength: PasswordStrength,
  breached: { has(password: string): Promise<boolean> },
): PasswordStrength {
  return {
    ...strength,
    isWeak: async (password, words) => (await breached.has(password)) || strength.isWeak(password, words),
  };
}

const MOST_WAITING = 64;
/** A worker that answers nothing for so long is stuck. Not a time for each question: on a busy machine many are answered late, and none would be. */
const PATIENCE_MS = 10_000;

/** The judge of strength, in a worker thread that starts with the first question: its word lists take 60 MB and 0.2 s. */
export function passwordStrength(): PasswordStrength {
  let worker: Worker | undefined;
  let number = 0;
  let patience: NodeJS.Timeout | undefined;
  const waiting = new Map<number, { answer: (weak: boolean) => void; fail: (cause: unknown) => void }>();

  const stop = (cause: unknown) => {
    const stopped = worker;
    worker = undefined;
    clearTimeout(patience);
    for (const { fail } of waiting.values()) fail(cause);
    waiting.clear();
    return stopped?.terminate();
  };
  const start = (): Worker => {
    const started = new Worker(startedFile('features/password/strength_worker.ts'));
    started.on('message', (message: StrengthAnswer) => {
      waiting.get(message.number)?.answer(message.weak);
      waiting.delete(message.number);
      if (waiting.size > 0) {
        patience?.refresh();
        return;
      }
      clearTimeout(patience);
      started.unref();
    });
    const ended = (cause: unknown) => {
      if (worker === started) stop(cause);
    };
    started.on('error', ended);
    started.on('exit', () => ended(new Error('the strength worker ended')));
    return started;
  };

  return {
    async isWeak(password, words) {
      if (waiting.size >= MOST_WAITING) throw new TrustError('HASHING_BUSY', { retryAfterMs: 1_000 });
      worker ??= start();
      worker.ref();
      if (waiting.size === 0)
        patience = setTimeout(() => stop(new Error('the strength worker did not answer')), PATIENCE_MS);
      const question: StrengthQuestion = { number: ++number, password, words };
      const answer = new Promise<boolean>((resolve, reject) => {
        waiting.set(question.number, { answer: resolve, fail: reject });
      });
      worker.postMessage(question);
      return answer;
    },
    close: async () => {
      await stop(new Error('the strength worker was closed'));
    },
  };
}
