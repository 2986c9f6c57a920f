// The form of opaque secrets (spec/01_secrets.md). A local check: it catches typing errors and proves nothing.
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const BODY = /^[0-9A-Za-z]{49}$/;
const SERVICE_KEY_ID = /^[0-9A-Za-z]{16}_$/;

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) {
    text = ALPHABET.charAt(Number(rest % 62n)) + text;
  }
  return text.padStart(length, '0');
}

// The alphabet is in ASCII order, so texts of one length compare as their integers do.
const GREATEST = base62(2n ** 256n - 1n, RANDOM_LENGTH);

function wellFormed(text: string, prefixLength: number): boolean {
  const body = text.slice(prefixLength);
  return (
    BODY.test(body) &&
    body.slice(0, RANDOM_LENGTH) <= GREATEST &&
    base62(BigInt(crc32(text.slice(0, -CHECKSUM_LENGTH))), CHECKSUM_LENGTH) === text.slice(-CHECKSUM_LENGTH)
  );
}

/**
 * Says whether `text` has the form of a session_id: `ts_`, 43 base62 characters below 2^256, 6 of CRC-32 (SEC-1 to
 * SEC-4). No call is made and nothing is proved; anything but such a string gives `false`.
 */
export function isSessionId(text: unknown): text is string {
  return typeof text === 'string' && text.startsWith('ts_') && wellFormed(text, 3);
}

/** Says whether `text` has the form of a one-time sign-in code: `tc_`, then as a session_id (SEC-1 to SEC-4). */
export function isSignInCode(text: unknown): text is string {
  return typeof text === 'string' && text.startsWith('tc_') && wellFormed(text, 3);
}

/** Says whether `text` has the form of a service key: `tlk_`, 16 base62 characters, `_`, then as a session_id. */
export function isServiceKey(text: unknown): text is string {
  return (
    typeof text === 'string' &&
    text.startsWith('tlk_') &&
    SERVICE_KEY_ID.test(text.slice(4, 21)) &&
    wellFormed(text, 21)
  );
}
