import { isIP } from 'node:net';
import { z } from 'zod';
import { TrustError } from '../errors/trust_error.ts';

/** Checks a message against its schema; the error names every refused field by its path (spec ERR-3), never its value. */
export function checked<T>(schema: z.ZodType<T>, message: unknown): T {
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  throw new TrustError('INVALID_FIELD', {
    fields: result.error.issues.map((issue) => ({ field: fieldPath(issue.path), description: issue.message })),
  });
}

/** `device.userAgent` of the code is `device.user_agent` of the contract; list members are `[n]`. */
function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = String(part).replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

const bytes = (text: string) => Buffer.byteLength(text);
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses.
export const CONTROL = /[\u0000-\u001f\u007f]/;

/** Text of at most `max` bytes without control characters. */
export const textBytes = (max: number) =>
  z
    .string()
    .refine((text) => bytes(text) <= max, `must be at most ${max} bytes`)
    .refine((text) => !CONTROL.test(text), 'must not hold control characters');

/** Text for people: at most `max` characters, no control characters. */
export const textCharacters = (max: number) =>
  z
    .string()
    .refine((text) => [...text].length <= max, `must be at most ${max} characters`)
    .refine((text) => !CONTROL.test(text), 'must not hold control characters');

export const SERVICE_NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;

export const serviceName = z
  .string()
  .regex(SERVICE_NAME, 'must be 1 to 63 of a-z 0-9 . _ -, first and last a letter or digit');

export const identityId = z.string().regex(/^idn_[0-9a-f]{32}$/, 'must be idn_ and 32 lower-case hex digits');
export const sessionHandle = z.string().regex(/^ses_[0-9a-f]{32}$/, 'must be ses_ and 32 lower-case hex digits');
export const organisationId = z.string().regex(/^org_[0-9a-f]{32}$/, 'must be org_ and 32 lower-case hex digits');
export const kid = z.string().regex(/^sgk_[0-9a-f]{32}$/, 'must be sgk_ and 32 lower-case hex digits');
export const serviceKeyIdText = z.string().regex(/^[0-9A-Za-z]{16}$/, 'must be 16 base62 characters');

/** A secret as sent: only its size is bounded here, its form is the verdict's business. */
export const secretText = z
  .string()
  .min(1, 'is required')
  .refine((text) => bytes(text) <= 256, 'must be at most 256 bytes');

export const roleName = z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ : -');

export const roles = z.array(roleName).max(32, 'must have at most 32 entries');

/** A map of short texts. `maxKey` and `maxValue` are bytes. */
export const textMap = (entries: number, maxKey: number, maxValue: number) =>
  z
    .record(
      z.string().refine((key) => key.length > 0 && bytes(key) <= maxKey, `keys must be 1 to ${maxKey} bytes`),
      textBytes(maxValue),
    )
    .refine((map) => Object.keys(map).length <= entries, `must have at most ${entries} entries`);

export const metadata = textMap(32, 64, 512);

/** An address of a client: IPv4 or IPv6 text without a zone, or nothing. */
export const ipAddress = z
  .string()
  .refine(
    (text) => text === '' || (text.length <= 45 && isIP(text) !== 0 && !text.includes('%')),
    'must be an IPv4 or IPv6 address',
  );

export const device = z
  .object({ userAgent: textBytes(512), ipAddress, label: textCharacters(64) })
  .optional()
  .transform((given) => given ?? { userAgent: '', ipAddress: '', label: '' });

/** Who presents a session_id. */
export const client = z
  .object({ ipAddress, userAgent: textBytes(512) })
  .optional()
  .transform((given) => given ?? { ipAddress: '', userAgent: '' });

/** A number that may be left out as 0, or lies between `min` and `max`. */
export const optionalNumber = (min: number, max: number) =>
  z.number().refine((value) => value === 0 || (value >= min && value <= max), `must be 0 or ${min} to ${max}`);

/** An expected version: undefined where it is 0. The contract counts in 64 bits; no real version is beyond 2^53. */
export const versionNumber = z
  .bigint()
  .transform((value) => (value === 0n ? undefined : Number(value > 2n ** 53n ? 2n ** 53n : value)));

export const pageSize = z
  .number()
  .refine((value) => value >= 0 && value <= 100, 'must be at most 100')
  .transform((value) => (value === 0 ? 50 : value));
