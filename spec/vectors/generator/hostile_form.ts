// Tokens whose form or signature must be refused.
import { key, signature } from './keys.ts';
import { claims, header, type Parts, token, type Vector } from './token.ts';
import { sized } from './valid.ts';

const ed = key('ed_1');
const es = key('es_1');
const good = token();
const [head = '', body = '', tail = ''] = good.split('.');
const N256 = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
const L = (1n << 252n) + 27742317777372353535851937790883648493n;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The same bytes in another spelling: one of the unused bits of the last character set. */
function unusedBit(part: string): string {
  const last = ALPHABET.indexOf(part.at(-1) ?? 'A');
  return part.slice(0, -1) + ALPHABET[last ^ 1];
}

/** A right token whose three parts end with unused bits or a `-` where the test needs one. */
function spelled(wanted: (parts: string[]) => boolean): string[] {
  for (let tries = 0; tries < 10_000; tries += 1) {
    const parts = token({
      header: `${JSON.stringify(header(ed))}${' '.repeat(tries % 3)}`,
      payload: claims({ jti: `spelling-${tries}` }),
    }).split('.');
    if (wanted(parts)) return parts;
  }
  throw new Error('no such token');
}

export function forms(): Vector[] {
  const v = (name: string, text: string): Vector => ({
    name,
    rule: 'TOK-11',
    class: 'form',
    token: text,
    expect: 'TOKEN_MALFORMED',
  });
  return [
    v('one part', body),
    v('two parts', `${head}.${body}`),
    v('three parts, empty signature', `${head}.${body}.`),
    v('three parts, empty payload', `${head}..${tail}`),
    v('three parts, empty header', `.${body}.${tail}`),
    v('only dots', '..'),
    v('one dot', '.'),
    v('alg none, empty signature', token({ header: header(ed, { alg: 'none' }), sign: () => new Uint8Array() })),
    v(
      'alg none, two parts',
      token({ header: header(ed, { alg: 'none' }) })
        .split('.')
        .slice(0, 2)
        .join('.'),
    ),
    v('four parts', `${good}.${tail}`),
    v('four parts, the last empty', `${good}.`),
    v('begins with a dot', `.${good}`),
    v('five parts, as a JWE', `${head}.${body}.${tail}.${body}.${tail}`),
    v('five parts, empty key, as a JWE with direct encryption', `${head}..${tail}.${body}.${tail}`),
    v('JSON serialisation', JSON.stringify({ protected: head, payload: body, signature: tail })),
    v('behind the word Bearer', `Bearer ${good}`),
    v('twice, parted by a comma', `${good},${good}`),
    v('other dots', `${head}\u2024${body}\u2024${tail}`),
    v('a single letter', 'a'),
    v('three letters', 'a.a.a'),
    v('a session_id', 'ts_0000000000000000000000000000000000000000000000000'),
  ];
}

export function encodings(): Vector[] {
  const v = (name: string, text: string): Vector => ({
    name,
    rule: 'TOK-11',
    class: 'encoding',
    token: text,
    expect: 'TOKEN_MALFORMED',
  });
  const [h2 = '', b2 = '', s2 = ''] = spelled((parts) => parts.every((part) => part.length % 4 !== 0));
  const [h3 = '', b3 = '', s3 = ''] = spelled((parts) => parts[2]?.includes('-') === true && parts[2].includes('_'));
  const pad = (part: string) => part.padEnd(Math.ceil(part.length / 4) * 4, '=');
  return [
    v('padding on the header', `${pad(h2)}.${b2}.${s2}`),
    v('padding on the payload', `${h2}.${pad(b2)}.${s2}`),
    v('padding on the signature', `${h2}.${b2}.${pad(s2)}`),
    v('one = only', `${h2}.${b2}.${s2}=`),
    v('plus and slash in the signature', `${h3}.${b3}.${s3.replaceAll('-', '+').replaceAll('_', '/')}`),
    v('plus only', `${h3}.${b3}.${s3.replaceAll('-', '+')}`),
    v('slash only', `${h3}.${b3}.${s3.replaceAll('_', '/')}`),
    v('unused bits set in the header', `${unusedBit(h2)}.${b2}.${s2}`),
    v('unused bits set in the payload', `${h2}.${unusedBit(b2)}.${s2}`),
    v('unused bits set in the signature', `${h2}.${b2}.${unusedBit(s2)}`),
    v('header of impossible length', `${head.slice(0, Math.floor(head.length / 4) * 4)}A.${body}.${tail}`),
    v('signature of impossible length', `${head}.${body}.${tail.slice(0, 84)}A`),
    v('newline at the end', `${good}\n`),
    v('CR LF at the end', `${good}\r\n`),
    v('space at the end', `${good} `),
    v('space at the start', ` ${good}`),
    v('tab at the start', `\t${good}`),
    v('byte order mark at the start', `\ufeff${good}`),
    v('NUL at the end', `${good}\0`),
    v('newline inside the header', `${head.slice(0, 8)}\n${head.slice(8)}.${body}.${tail}`),
    v('newline inside the payload', `${head}.${body.slice(0, 76)}\n${body.slice(76)}.${tail}`),
    v('CR LF inside the signature', `${head}.${body}.${tail.slice(0, 64)}\r\n${tail.slice(64)}`),
    v('space beside a dot', `${head}. ${body}.${tail}`),
    v('percent sign', `${head}.${body}.${tail}%3D`),
    v('letter of another script in the signature', `${head}.${body}.\u0410${tail.slice(1)}`),
    v('exclamation mark', `${head}.${body}!.${tail}`),
  ];
}

export function sizes(): Vector[] {
  const v = (name: string, text: string): Vector => ({
    name,
    rule: 'TOK-10',
    class: 'size',
    token: text,
    expect: 'TOKEN_SIZE',
  });
  const nested = `{"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
  return [
    v('empty text', ''),
    v('8193 bytes, otherwise right', sized(8_193)),
    v('8192 bytes and a newline', `${sized(8_192)}\n`),
    v('20000 bytes, otherwise right', token({ payload: claims({ fill: 'x'.repeat(14_400) }) })),
    v('header nested 10000 deep', token({ header: nested })),
    v('payload nested 10000 deep', token({ payload: nested })),
    v('9000 dots', '.'.repeat(9_000)),
    v('4100 characters of two bytes', '\u00e9'.repeat(4_100)),
  ];
}

function bigEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}

function littleEndian(value: bigint): Buffer {
  return bigEndian(value).reverse();
}

function derInteger(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const cut = bytes.subarray(start);
  const body = (cut[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), cut]) : cut;
  return Buffer.concat([Buffer.from([2, body.length]), body]);
}

function derSignature(raw: Buffer): Buffer {
  const body = Buffer.concat([derInteger(raw.subarray(0, 32)), derInteger(raw.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function flip(bytes: Buffer, at: number): Buffer {
  const out = Buffer.from(bytes);
  out[at] = (out[at] ?? 0) ^ 1;
  return out;
}

export function signatures(): Vector[] {
  const v = (name: string, parts: Parts): Vector => ({
    name,
    rule: 'TOK-17',
    class: 'signature',
    token: token(parts),
    expect: 'TOKEN_SIGNATURE',
  });
  const edWith = (name: string, change: (raw: Buffer) => Uint8Array) =>
    v(`EdDSA, ${name}`, { key: ed, sign: (input) => change(Buffer.from(signature(ed, input))) });
  const esWith = (name: string, change: (raw: Buffer) => Uint8Array) =>
    v(`ES256, ${name}`, { key: es, sign: (input) => change(Buffer.from(signature(es, input))) });
  const n = Buffer.from(N256, 'hex');
  const zero = Buffer.alloc(32);
  const one = bigEndian(1n);
  const identity = littleEndian(1n);
  const plusL = (raw: Buffer) => {
    const s = BigInt(`0x${Buffer.from(raw.subarray(32)).reverse().toString('hex')}`);
    return Buffer.concat([raw.subarray(0, 32), littleEndian(s + L)]);
  };
  const moved = (parts: string[]) =>
    `${parts[0]}.${token({ payload: claims({ sub: 'idn_ffffffffffffffffffffffffffffffff' }) }).split('.')[1]}.${parts[2]}`;
  return [
    edWith('first bit flipped', (raw) => flip(raw, 0)),
    edWith('last byte flipped', (raw) => flip(raw, 63)),
    edWith('cut by one byte', (raw) => raw.subarray(0, 63)),
    edWith('one byte more', (raw) => Buffer.concat([raw, Buffer.from([0])])),
    edWith('twice', (raw) => Buffer.concat([raw, raw])),
    edWith('one zero byte', () => Buffer.from([0])),
    edWith('all zero', () => Buffer.alloc(64)),
    edWith('all ones', () => Buffer.alloc(64, 0xff)),
    edWith('S + L', plusL),
    edWith('R the identity and S zero', () => Buffer.concat([identity, zero])),
    edWith('R of order 2 and S zero', () => Buffer.concat([littleEndian((1n << 255n) - 20n), zero])),
    edWith('S equal to L', (raw) => Buffer.concat([raw.subarray(0, 32), littleEndian(L)])),
    edWith('halves swapped', (raw) => Buffer.concat([raw.subarray(32), raw.subarray(0, 32)])),
    esWith('first bit flipped', (raw) => flip(raw, 0)),
    esWith('last byte flipped', (raw) => flip(raw, 63)),
    esWith('cut by one byte', (raw) => raw.subarray(0, 63)),
    esWith('one byte more', (raw) => Buffer.concat([raw, Buffer.from([0])])),
    esWith('one byte before it', (raw) => Buffer.concat([Buffer.from([0]), raw])),
    esWith('in DER', derSignature),
    esWith('in DER with two bytes after it', (raw) => Buffer.concat([derSignature(raw), Buffer.alloc(2)])),
    esWith('all zero', () => Buffer.alloc(64)),
    esWith('r zero', (raw) => Buffer.concat([zero, raw.subarray(32)])),
    esWith('s zero', (raw) => Buffer.concat([raw.subarray(0, 32), zero])),
    esWith('r and s equal to n', () => Buffer.concat([n, n])),
    esWith('r equal to n', (raw) => Buffer.concat([n, raw.subarray(32)])),
    esWith('s equal to n', (raw) => Buffer.concat([raw.subarray(0, 32), n])),
    esWith('r and s one', () => Buffer.concat([one, one])),
    esWith('all ones', () => Buffer.alloc(64, 0xff)),
    esWith('halves swapped', (raw) => Buffer.concat([raw.subarray(32), raw.subarray(0, 32)])),
    v('by another listed key', { key: key('ed_2'), header: header(ed) }),
    v('by the attacker under a listed kid, EdDSA', { key: key('ed_attacker'), header: header(ed) }),
    v('by the attacker under a listed kid, ES256', { key: key('es_attacker'), header: header(es) }),
    v('by a key that is no longer listed under a listed kid', { key: key('es_retired'), header: header(es) }),
    v('over the payload only', { key: ed, sign: (input) => signature(ed, input.split('.')[1] ?? '') }),
    v('over the decoded JSON', {
      key: ed,
      sign: (input) =>
        signature(
          ed,
          input
            .split('.')
            .map((part) => Buffer.from(part, 'base64url').toString())
            .join('.'),
        ),
    }),
    {
      name: 'of another token',
      rule: 'TOK-17',
      class: 'signature',
      token: moved(good.split('.')),
      expect: 'TOKEN_SIGNATURE',
    },
  ];
}
