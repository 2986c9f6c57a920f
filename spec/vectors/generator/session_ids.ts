// Well-formed and malformed session_ids (chapter 1).
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const MAX = (1n << 256n) - 1n;

interface IdVector {
  readonly name: string;
  readonly rule: string;
  readonly session_id: string;
  readonly well_formed: boolean;
  readonly digest?: string;
}

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) text = ALPHABET[Number(rest % 62n)] + text;
  return text.padStart(length, '0');
}

function withCrc(text: string): string {
  return text + base62(BigInt(crc32(Buffer.from(text, 'utf8'))), 6);
}

function make(value: bigint, prefix = 'ts_'): string {
  return withCrc(prefix + base62(value, 43));
}

/** A number that looks random and is the same each time. */
function number(seed: string): bigint {
  return BigInt(`0x${createHash('sha256').update(`vector ${seed}`).digest('hex')}`);
}

/** A secret for which `wanted` holds. */
function search(seed: string, wanted: (text: string) => boolean): string {
  for (let tries = 0; tries < 100_000; tries += 1) {
    const text = make(number(`${seed} ${tries}`));
    if (wanted(text)) return text;
  }
  throw new Error(`no session_id for ${seed}`);
}

function swapCase(text: string, at: number): string {
  const c = text[at] ?? '';
  return text.slice(0, at) + (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase()) + text.slice(at + 1);
}

function good(): IdVector[] {
  const ok = (name: string, rule: string, text: string): IdVector => ({
    name,
    rule,
    session_id: text,
    well_formed: true,
    digest: createHash('sha256').update(`trust-layer:session_id:${text}`).digest('hex'),
  });
  return [
    ok('value 0', 'SEC-2', make(0n)),
    ok('value 1', 'SEC-2', make(1n)),
    ok('value 61', 'SEC-1', make(61n)),
    ok('value 62', 'SEC-1', make(62n)),
    ok('value 2^53', 'SEC-2', make(1n << 53n)),
    ok('value 2^64-1', 'SEC-2', make((1n << 64n) - 1n)),
    ok('value 2^255', 'SEC-2', make(1n << 255n)),
    ok('value 2^256-2', 'SEC-2', make(MAX - 1n)),
    ok('value 2^256-1, the largest', 'SEC-2', make(MAX)),
    ok(
      'checksum that begins with 0',
      'SEC-3',
      search('zero', (text) => text[46] === '0'),
    ),
    ok(
      'checksum that begins with 00',
      'SEC-3',
      search('zeros', (text) => text.slice(46, 48) === '00'),
    ),
    ok(
      'checksum of 2^31 or more',
      'SEC-3',
      search('high', (text) => crc32(text.slice(0, 46)) >= 2 ** 31),
    ),
    ...Array.from({ length: 8 }, (_, i) =>
      ok(`value that looks random ${i + 1}`, 'SEC-1', make(number(`random ${i}`))),
    ),
  ];
}

function bad(): IdVector[] {
  const no = (name: string, rule: string, text: string): IdVector => ({
    name,
    rule,
    session_id: text,
    well_formed: false,
  });
  const base = search('base', (text) => /[a-z]/i.test(text[10] ?? '') && /[a-z]/i.test(text[51] ?? ''));
  const body = base.slice(3, 46);
  const at = (i: number, c: string) => base.slice(0, i) + c + base.slice(i + 1);
  const next = (i: number) => at(i, ALPHABET[(ALPHABET.indexOf(base[i] ?? '') + 1) % 62] ?? '');
  return [
    no('value 2^256 with its right checksum', 'SEC-2', make(MAX + 1n)),
    no('value 2^256+1 with its right checksum', 'SEC-2', make(MAX + 2n)),
    no('largest value of 43 characters with its right checksum', 'SEC-2', make(62n ** 43n - 1n)),
    no('value 2^256 plus a small one with its right checksum', 'SEC-2', make(MAX + 1n + (number('over') % 1_000_000n))),
    no('checksum one more', 'SEC-3', next(51)),
    no('checksum all 0', 'SEC-3', `${base.slice(0, 46)}000000`),
    no('checksum zzzzzz', 'SEC-3', `${base.slice(0, 46)}zzzzzz`),
    no('checksum plus 2^32', 'SEC-3', base.slice(0, 46) + base62(BigInt(crc32(base.slice(0, 46))) + (1n << 32n), 6)),
    no('checksum without the prefix', 'SEC-3', `ts_${withCrc(body)}`),
    no(
      'checksum in hexadecimal',
      'SEC-3',
      base.slice(0, 46) + crc32(base.slice(0, 46)).toString(16).padStart(8, '0').slice(0, 6),
    ),
    no('first character of the value changed', 'SEC-3', next(3)),
    no('last character of the value changed', 'SEC-3', next(45)),
    no('two characters swapped', 'SEC-3', base.slice(0, 20) + base[21] + base[20] + base.slice(22)),
    no('case twin in the value', 'SEC-4', swapCase(base, 10)),
    no('case twin in the checksum', 'SEC-4', swapCase(base, 51)),
    no('all in lower case', 'SEC-4', base.toLowerCase()),
    no('all in upper case', 'SEC-4', base.toUpperCase()),
    no('prefix TS_', 'SEC-4', `TS_${base.slice(3)}`),
    no('cut by one', 'SEC-4', base.slice(0, -1)),
    no('cut by one at the start', 'SEC-4', base.slice(1)),
    no('one character more', 'SEC-4', `${base}0`),
    no('one 0 more in front of the value, right checksum', 'SEC-1', withCrc(`ts_0${body}`)),
    no('one character less in the value, right checksum', 'SEC-1', withCrc(`ts_${body.slice(1)}`)),
    no('twice', 'SEC-4', base + base),
    no('value 1 without padding, right checksum', 'SEC-2', withCrc('ts_1')),
    no('space at the end', 'SEC-4', `${base} `),
    no('space at the start', 'SEC-4', ` ${base}`),
    no('newline at the end', 'SEC-4', `${base}\n`),
    no('CR LF at the end', 'SEC-4', `${base}\r\n`),
    no('tab at the end', 'SEC-4', `${base}\t`),
    no('no-break space at the end', 'SEC-4', `${base}\u00a0`),
    no('byte order mark at the start', 'SEC-4', `\ufeff${base}`),
    no('NUL at the end', 'SEC-4', `${base}\0`),
    no('NUL in the middle', 'SEC-4', at(20, '\0')),
    no('NUL as the only character', 'SEC-4', '\0'),
    no('empty', 'SEC-1', ''),
    no('prefix only', 'SEC-1', 'ts_'),
    no('prefix of a sign-in code, right checksum', 'SEC-1', make(number('code'), 'tc_')),
    no('a service key, right checksum', 'SEC-1', make(number('service'), 'tlk_0123456789abcdef_')),
    no('prefix tlk, same length, right checksum', 'SEC-1', make(number('tlk'), 'tlk')),
    no('no prefix, right checksum', 'SEC-1', make(number('bare'), '')),
    no('prefix ts-, right checksum', 'SEC-1', make(number('dash'), 'ts-')),
    no('hyphen in the value, right checksum', 'SEC-1', withCrc(`ts_-${body.slice(1)}`)),
    no('underscore in the value, right checksum', 'SEC-1', withCrc(`ts__${body.slice(1)}`)),
    no('plus in the value, right checksum', 'SEC-1', withCrc(`ts_+${body.slice(1)}`)),
    no('hyphen in the checksum', 'SEC-1', `${base.slice(0, 46)}-00000`),
    no('full-width digit', 'SEC-1', at(20, '\uff11')),
    no('Arabic-Indic digit', 'SEC-1', at(20, '\u0661')),
    no('Cyrillic letter', 'SEC-1', at(20, '\u0430')),
    no('long s as prefix', 'SEC-1', `t\u017f_${base.slice(3)}`),
    no('letter with a combining accent', 'SEC-1', `${base.slice(0, 20)}a\u0301${base.slice(22)}`),
    no('letter outside the basic plane', 'SEC-1', at(20, '\u{1d7d8}')),
    no('quotes around it', 'SEC-4', `"${base}"`),
    no('percent-encoded underscore', 'SEC-4', base.replace('_', '%5F')),
    no('name of the cookie in front', 'SEC-4', `session_id=${base}`),
    no('256 characters', 'SEC-1', 'ts_'.padEnd(256, '0')),
    no('257 characters', 'SEC-1', 'ts_'.padEnd(257, '0')),
    no('5000 characters', 'SEC-1', base.padEnd(5_000, '0')),
    no('a session handle', 'SEC-1', 'ses_5a1e0cc27bd94f3f8e6d7c8b9a0f1e2d'),
    no('right length, characters all x', 'SEC-3', 'ts_'.padEnd(52, 'x')),
  ];
}

export function sessionIds(): { vectors: IdVector[] } {
  return { vectors: [...good(), ...bad()] };
}
