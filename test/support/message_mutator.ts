// Random messages of any RPC, and bytes that are nearly such messages. The same seed gives the same bytes.
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A number from 0 up to, not with, 1. */
export type Chance = () => number;

/** mulberry32: small, quick, repeatable. */
export function chance(seed: number): Chance {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const below = (next: Chance, limit: number): number => Math.floor(next() * limit);
export function pick<T>(next: Chance, from: readonly T[]): T {
  return from[below(next, from.length)] as T;
}

/** Texts that have broken servers before. */
export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\n',
  "' or '1'='1",
  '"; drop table session; --',
  '%s%n%x',
  '#{7*7}{{7*7}}',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '$ne',
  '{"$gt":""}',
  '[object Object]',
  'null',
  'undefined',
  'NaN',
  '-1',
  '1e309',
  'ａ＠ｂ．ｃｏｍ',
  'e\u0301é',
  '\u202e\u200b\ufeff',
  '\ud83d\udc69\u200d\ud83d\ude80',
  '\uffff\ufffe',
  'İıſK',
  'x'.repeat(255),
  'x'.repeat(1_025),
  'é'.repeat(129),
  '\u{10ffff}'.repeat(65),
  'a@'.repeat(127),
  `${'a'.repeat(64)}@${'a.'.repeat(90)}a`,
  '-'.repeat(254),
  'http://localhost@evil.example/',
  'https://[::1',
];

const INTEGERS: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  5n,
  60n,
  100n,
  101n,
  300n,
  301n,
  604_801n,
  31_536_001n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** Texts that mean something to the server, by the name of the field where they do. */
export type KnownTexts = Readonly<Record<string, readonly string[]>>;

/** Writes a message of random content. */
export function randomMessage(desc: DescMessage, next: Chance, known: KnownTexts, depth = 0): Uint8Array {
  const writer = new BinaryWriter();
  for (const field of desc.fields) {
    if (next() < 0.25) continue;
    if (field.oneof !== undefined && next() < 0.5) continue;
    const many = field.fieldKind === 'list' || field.fieldKind === 'map';
    const times = many ? pick(next, [0, 1, 1, 1, 2, 2, 3, 9, 33, 70, 300]) : next() < 0.05 ? 2 : 1;
    for (let time = 0; time < times; time += 1) writeField(writer, field, next, known, depth);
  }
  return writer.finish();
}

function writeField(writer: BinaryWriter, field: DescField, next: Chance, known: KnownTexts, depth: number): void {
  if (next() < 0.02) {
    writeAlien(writer, field.number, next);
    return;
  }
  const { number } = field;
  if (field.message !== undefined && field.fieldKind !== 'map') {
    const inner = depth > 4 ? new Uint8Array() : randomMessage(field.message, next, known, depth + 1);
    writer.tag(number, WireType.LengthDelimited).bytes(inner);
  } else if (field.fieldKind === 'map') {
    const entry = new BinaryWriter();
    if (next() < 0.95) entry.tag(1, WireType.LengthDelimited).string(text(next, known, ''));
    if (next() < 0.95) entry.tag(2, WireType.LengthDelimited).string(text(next, known, ''));
    writer.tag(number, WireType.LengthDelimited).bytes(entry.finish());
  } else if (field.enum !== undefined) {
    const value = next() < 0.9 ? pick(next, field.enum.values).number : pick(next, [-1, 99, 2 ** 31 - 1]);
    writer.tag(number, WireType.Varint).int32(value);
  } else if (field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES) {
    writer.tag(number, WireType.LengthDelimited).string(text(next, known, field.name));
  } else if (field.scalar === ScalarType.BOOL) {
    writer.tag(number, WireType.Varint).bool(next() < 0.5);
  } else {
    writer.tag(number, WireType.Varint).uint64(next() < 0.6 ? 0n : pick(next, INTEGERS));
  }
}

function text(next: Chance, known: KnownTexts, name: string): string {
  const roll = next();
  if (roll < 0.9) return pick(next, known[name] ?? known[''] ?? ['']);
  if (roll < 0.98) return pick(next, HOSTILE_TEXTS);
  return String.fromCharCode(...Array.from({ length: below(next, 40) }, () => below(next, 0xd7ff)));
}

/** The field in a wire type that it has not. */
function writeAlien(writer: BinaryWriter, number: number, next: Chance): void {
  switch (below(next, 6)) {
    case 0:
      writer.tag(number, WireType.Varint).uint64(2n ** 64n - 1n);
      break;
    case 1:
      writer.tag(number, WireType.Bit64).fixed64(1n);
      break;
    case 2:
      writer.tag(number, WireType.Bit32).fixed32(1);
      break;
    case 3:
      writer.tag(number, WireType.StartGroup).tag(number, WireType.EndGroup);
      break;
    case 4:
      writer.tag(number, WireType.LengthDelimited).bytes(Buffer.from('c3280080ff', 'hex'));
      break;
    default:
      writer.tag(536_870_911, WireType.LengthDelimited).bytes(Buffer.alloc(below(next, 2_000), 0xff));
  }
}

/** How bytes are broken. Each gives new bytes. */
export const MUTATIONS: Readonly<Record<string, (bytes: Buffer, next: Chance) => Buffer>> = {
  'as it is': (bytes) => bytes,
  'bit flipped': (bytes, next) => flipped(bytes, next, 1),
  'many bits flipped': (bytes, next) => flipped(bytes, next, 16),
  truncated: (bytes, next) => bytes.subarray(0, below(next, bytes.length + 1)),
  'said twice': (bytes) => Buffer.concat([bytes, bytes]),
  'said a hundred times': (bytes) => Buffer.concat(Array.from({ length: 100 }, () => bytes.subarray(0, 600))),
  'bytes put in': (bytes, next) => spliced(bytes, next, randomBytes(next, 1 + below(next, 30)), 0),
  'bytes cut out': (bytes, next) => spliced(bytes, next, Buffer.alloc(0), 1 + below(next, 10)),
  'huge length': (bytes, next) =>
    Buffer.concat([bytes, Buffer.from([(1 + below(next, 8)) * 8 + 2, 0xff, 0xff, 0xff, 0xff, 0x07])]),
  'endless varint': (bytes, next) => spliced(bytes, next, Buffer.alloc(1 + below(next, 20), 0xff), 0),
  'field number 0': (bytes, next) => spliced(bytes, next, Buffer.from([0x02, 0x01, 0x00]), 0),
  'nested deep': (bytes, next) => Buffer.concat([bytes, nested(1 + below(next, 8), 1 + below(next, 5_000))]),
  'groups in groups': (bytes, next) =>
    Buffer.concat([bytes, Buffer.alloc(below(next, 30_000), (1 + below(next, 8)) * 8 + 3)]),
  'not UTF-8': (bytes, next) =>
    Buffer.concat([bytes, Buffer.from([(1 + below(next, 8)) * 8 + 2, 4, 0xed, 0xa0, 0x80, 0xff])]),
  'only noise': (_, next) => randomBytes(next, below(next, 400)),
  'far too long': (bytes, next) =>
    Buffer.concat([bytes, Buffer.from([0x7a, 0x80, 0x80, 0x08]), Buffer.alloc(60_000 + below(next, 110_000), 0x61)]),
};

const randomBytes = (next: Chance, size: number) => Buffer.from(Array.from({ length: size }, () => below(next, 256)));

function flipped(bytes: Buffer, next: Chance, times: number): Buffer {
  const copy = Buffer.from(bytes);
  for (let time = 0; time < times && copy.length > 0; time += 1) {
    const place = below(next, copy.length);
    copy[place] = (copy[place] ?? 0) ^ (1 << below(next, 8));
  }
  return copy;
}

function spliced(bytes: Buffer, next: Chance, middle: Buffer, cut: number): Buffer {
  const place = below(next, bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, place), middle, bytes.subarray(Math.min(bytes.length, place + cut))]);
}

/** A message in a message in a message …; the lengths are true. */
function nested(field: number, depth: number): Buffer {
  let inner = Buffer.alloc(0);
  for (let level = 0; level < depth && inner.length < 50_000; level += 1) {
    const head = new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(inner.length).finish();
    inner = Buffer.concat([head, inner]);
  }
  return inner;
}
