import { pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { verify as verifyArgon2 } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';
import type { Random } from '../../kernel/random.ts';

export const HASH_KINDS = ['bcrypt', 'argon2', 'pbkdf2', 'scrypt'] as const;
export type HashKind = (typeof HASH_KINDS)[number];

/** A password hash that another program made, and what computing it costs. */
export type ForeignHash =
  | { readonly kind: 'bcrypt'; readonly text: string }
  | { readonly kind: 'argon2'; readonly text: string }
  | ({ readonly kind: 'pbkdf2'; readonly digest: string; readonly iterations: number } & Derived)
  | ({ readonly kind: 'scrypt'; readonly n: number; readonly r: number; readonly p: number } & Derived);

type Derived = { readonly salt: Buffer; readonly key: Buffer };

// What one hash may cost at most (spec UST-5): whoever writes to the table must not be able to stop the server.
const MAX_BCRYPT_COST = 14;
const MAX_ARGON2_KIB = 262_144;
const MAX_ARGON2_KIB_PASSES = 1_048_576;
const MAX_PBKDF2_ITERATIONS = 2_000_000;
const MAX_SCRYPT_BYTES = 134_217_728;
const MAX_SCRYPT_LANES = 4;
const MAX_TEXT = 512;

/** Reads a hash in one of the forms that programs keep; undefined if it is none, or beyond the bounds. */
export function parseForeignHash(text: string): ForeignHash | undefined {
  if (text.length > MAX_TEXT) return undefined;
  return parseBcrypt(text) ?? parseArgon2(text) ?? parsePbkdf2(text) ?? parseScrypt(text);
}

function parseBcrypt(text: string): ForeignHash | undefined {
  const [, cost] = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text) ?? [];
  return cost !== undefined && Number(cost) >= 4 && Number(cost) <= MAX_BCRYPT_COST
    ? { kind: 'bcrypt', text }
    : undefined;
}

const ARGON2 =
  /^\$argon2(?:id|i|d)\$v=(?:16|19)\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{16,171}$/;

function parseArgon2(text: string): ForeignHash | undefined {
  const [, m, t, p] = (ARGON2.exec(text) ?? []).map(Number);
  if (m === undefined || t === undefined || p === undefined) return undefined;
  const bounded = m <= MAX_ARGON2_KIB && m * t <= MAX_ARGON2_KIB_PASSES && t >= 1 && p >= 1 && p <= 16;
  return bounded ? { kind: 'argon2', text } : undefined;
}

/** `pbkdf2_sha256$N$salt$base64` (Django), `pbkdf2:sha256:N$salt$hex` (Werkzeug), `$pbkdf2-sha256$N$salt$key` (passlib). */
function parsePbkdf2(text: string): ForeignHash | undefined {
  const make = (digest: string, iterations: string, salt: Buffer, key: Buffer): ForeignHash | undefined => {
    const count = Number(iterations);
    if (count < 1 || count > MAX_PBKDF2_ITERATIONS || !isKey(key)) return undefined;
    return { kind: 'pbkdf2', digest, iterations: count, salt, key };
  };
  const [, d = '', dn = '', ds = '', dk = ''] =
    /^pbkdf2_(sha1|sha256|sha512)\$(\d{1,8})\$([^$]{1,128})\$([A-Za-z0-9+/]{20,120}={0,2})$/.exec(text) ?? [];
  if (d !== '') return make(d, dn, Buffer.from(ds), Buffer.from(dk, 'base64'));
  const [, w = '', wn = '', ws = '', wk = ''] =
    /^pbkdf2:(sha1|sha256|sha512):(\d{1,8})\$([^$]{1,128})\$((?:[0-9a-f]{2}){16,64})$/.exec(text) ?? [];
  if (w !== '') return make(w, wn, Buffer.from(ws), Buffer.from(wk, 'hex'));
  const [, p = '', pn = '', ps = '', pk = ''] =
    /^\$pbkdf2(|-sha256|-sha512)\$(\d{1,8})\$([A-Za-z0-9./]{1,128})\$([A-Za-z0-9./]{20,120})$/.exec(text) ?? [];
  return pn === '' ? undefined : make(p === '' ? 'sha1' : p.slice(1), pn, adapted(ps), adapted(pk));
}

/** `$scrypt$ln=N,r=R,p=P$salt$key` (passlib), `scrypt:N:R:P$salt$hex` (Werkzeug), `scrypt$N$salt$R$P$base64` (Django). */
function parseScrypt(text: string): ForeignHash | undefined {
  const make = (n: number, r: number, p: number, salt: Buffer, key: Buffer): ForeignHash | undefined => {
    const power = n >= 2 && Number.isInteger(Math.log2(n));
    if (!power || r < 1 || p < 1 || p > MAX_SCRYPT_LANES || 128 * n * r > MAX_SCRYPT_BYTES || !isKey(key))
      return undefined;
    return { kind: 'scrypt', n, r, p, salt, key };
  };
  const [, ln = '', pr = '', pp = '', ps = '', pk = ''] =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{1,128})={0,2}\$([A-Za-z0-9+/]{20,120})={0,2}$/.exec(
      text,
    ) ?? [];
  if (ln !== '')
    return make(2 ** Number(ln), Number(pr), Number(pp), Buffer.from(ps, 'base64'), Buffer.from(pk, 'base64'));
  const [, wn = '', wr = '', wp = '', ws = '', wk = ''] =
    /^scrypt:(\d{1,8}):(\d{1,3}):(\d{1,2})\$([^$]{1,128})\$((?:[0-9a-f]{2}){16,64})$/.exec(text) ?? [];
  if (wn !== '') return make(Number(wn), Number(wr), Number(wp), Buffer.from(ws), Buffer.from(wk, 'hex'));
  const [, dn = '', ds = '', dr = '', dp = '', dk = ''] =
    /^scrypt\$(\d{1,8})\$([^$]{1,128})\$(\d{1,3})\$(\d{1,2})\$([A-Za-z0-9+/]{20,120}={0,2})$/.exec(text) ?? [];
  return dn === '' ? undefined : make(Number(dn), Number(dr), Number(dp), Buffer.from(ds), Buffer.from(dk, 'base64'));
}

const isKey = (key: Buffer) => key.length >= 16 && key.length <= 64;

/** Base64 with `.` in the place of `+`, as passlib writes it. */
const adapted = (text: string) => Buffer.from(text.replaceAll('.', '+'), 'base64');

const BCRYPT_ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A hash of the same form and cost that belongs to no password anyone knows. */
export function dummyLike(hash: ForeignHash, random: Random): ForeignHash {
  if (hash.kind === 'bcrypt') {
    const letters = (count: number) => [...random(count)].map((byte) => BCRYPT_ALPHABET[byte % 64]).join('');
    // The last letters of salt and key hold fewer bits than the others.
    return { kind: 'bcrypt', text: `${hash.text.slice(0, 7)}${letters(21)}.${letters(30)}.` };
  }
  if (hash.kind === 'argon2') {
    const cut = hash.text.lastIndexOf('$') + 1;
    const size = Buffer.from(hash.text.slice(cut), 'base64').length;
    return {
      kind: 'argon2',
      text: hash.text.slice(0, cut) + Buffer.from(random(size)).toString('base64').replace(/=+$/, ''),
    };
  }
  return { ...hash, salt: Buffer.from(random(hash.salt.length)), key: Buffer.from(random(hash.key.length)) };
}

const derive = { pbkdf2: promisify(pbkdf2), scrypt: promisify<string, Buffer, number, object, Buffer>(scrypt) };

/** bcrypt reads 72 bytes, up to the first NUL: what lies beyond would be no part of the password. */
export const fitsBcrypt = (password: string) => Buffer.byteLength(password) <= 72 && !password.includes('\0');

/** Whether the password is that of the hash. The work is the same for every password. */
export async function verifyForeignHash(hash: ForeignHash, password: string): Promise<boolean> {
  switch (hash.kind) {
    case 'bcrypt':
      return (await verifyBcrypt(password, hash.text)) && fitsBcrypt(password);
    case 'argon2':
      return await verifyArgon2(hash.text, password);
    case 'pbkdf2': {
      const { salt, iterations, key, digest } = hash;
      return timingSafeEqual(await derive.pbkdf2(password, salt, iterations, key.length, digest), key);
    }
    case 'scrypt': {
      const { n, r, p, salt, key } = hash;
      const options = { N: n, r, p, maxmem: 128 * n * r + 128 * r * p + 1_048_576 };
      return timingSafeEqual(await derive.scrypt(password, salt, key.length, options), key);
    }
  }
}
