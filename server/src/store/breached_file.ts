import { hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, read } from 'node:fs';
import { promisify } from 'node:util';

const readAt = promisify(read);

/** A line is 40 hex digits of SHA-1, perhaps `:` and a count, and a line feed: with the longest count it is far below this. */
const LONGEST_LINE = 64;
const LINE = /^([0-9A-F]{40})(?::\d{1,15})?$/;

/** Tells whether a password is in a list of breached ones. */
export type BreachedPasswords = { has(password: string): Promise<boolean>; close(): void };

/**
 * A list in a file: upper-case SHA-1 of a password a line, sorted, as the "Pwned Passwords" list is published. Found by halving: some 40 short reads
 * for a list of any size, nothing in memory, nothing on the network. Throws if the file is not such a list.
 */
export async function openBreachedFile(path: string): Promise<BreachedPasswords> {
  const file = openSync(path, 'r');
  const { size } = fstatSync(file);
  const list = { file, size };
  try {
    const [first, last] = [await lineAt(list, 0), await lineAt(list, Math.max(0, size - LONGEST_LINE))];
    if (first === undefined || last === undefined || last < first) throw new Error('it is empty or not sorted');
  } catch (error) {
    closeSync(file);
    throw new Error(`The list of breached passwords cannot be used: ${(error as Error).message}.`);
  }
  return {
    has: (password) => holds(list, hash('sha1', password, 'hex').toUpperCase()),
    close: () => closeSync(file),
  };
}

type List = { readonly file: number; readonly size: number };

/** Halves until the place is found from which the next line is the first that is not below `digest`. */
async function holds(list: List, digest: string): Promise<boolean> {
  let [low, high] = [0, list.size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await lineAt(list, middle);
    if (found === digest) return true;
    if (found === undefined || found > digest) high = middle;
    else low = middle + 1;
  }
  return false;
}

/** The digest of the first line that begins at a place or after it; undefined at the end. */
async function lineAt({ file, size }: List, place: number): Promise<string | undefined> {
  // One byte earlier, so that a line that begins just there is seen to begin.
  const from = Math.max(0, place - 1);
  const buffer = Buffer.alloc(2 * LONGEST_LINE);
  const { bytesRead } = await readAt(file, buffer, 0, buffer.length, from);
  const text = buffer.toString('latin1', 0, bytesRead);
  const start = place === 0 ? 0 : text.indexOf('\n') + 1;
  if ((place > 0 && start === 0) || start >= bytesRead) {
    if (from + bytesRead >= size) return undefined;
    throw new Error('a line is too long');
  }
  const end = text.indexOf('\n', start);
  const line = text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
  const [, digest] = LINE.exec(line) ?? [];
  if (digest === undefined) throw new Error('a line is not a SHA-1 in upper-case hex, with or without a count');
  return digest;
}
