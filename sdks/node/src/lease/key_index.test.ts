import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hashOf, KeyIndex, NOWHERE } from './key_index.ts';

/** Keys that differ only where the index does not look share all their slots. */
const alike = (number: number) => `ts_frontfront${number}middle_and_the_end`;

/** An index beside the `Map` that it stands for. */
function twins() {
  const index = new KeyIndex();
  const known = new Map<string, number>();
  const free: number[] = [];
  const check = (keys: Iterable<string>) => {
    assert.equal(index.size, known.size);
    for (const key of keys) assert.equal(index.find(key), known.get(key) ?? NOWHERE, key);
    for (const [key, place] of known) assert.equal(index.keyOf(place), key);
  };
  const turn = (key: string) => {
    const place = known.get(key);
    if (place === undefined) {
      const given = free.pop() ?? known.size;
      index.add(key, given);
      known.set(key, given);
    } else {
      index.delete(place);
      known.delete(key);
      free.push(place);
    }
  };
  return { turn, check };
}

describe('key index', () => {
  it('WAT-13 finds what a map would find, whatever comes and goes', () => {
    const key = fc.oneof(fc.integer({ min: 0, max: 40 }).map(alike), fc.integer({ min: 0, max: 40 }).map(String));
    fc.assert(
      fc.property(fc.array(key, { maxLength: 400 }), (keys) => {
        const { turn, check } = twins();
        for (const one of keys) turn(one);
        check(new Set(keys));
      }),
    );
  });

  it('WAT-13 tells keys apart that lie in one slot, also once some of them are gone', () => {
    const { turn, check } = twins();
    const keys = Array.from({ length: 300 }, (_, number) => alike(number));
    for (const key of keys) turn(key);
    check(keys);
    for (let number = 0; number < 300; number += 3) turn(alike(number));
    check([...keys, alike(300), '', 'ts_front']);
  });

  it('spreads keys by what is random in them, whatever is long and alike', () => {
    for (const keyOf of [
      (random: string) => `ts_${random}${'x'.repeat(400)}`,
      (random: string) => `7:default${'x'.repeat(400)}${random}`,
    ]) {
      const lengths = new Map<number, number>();
      for (let number = 0; number < 100_000; number += 1) {
        const random = (Math.imul(number, 0x9e3779b1) >>> 0).toString(36).padStart(8, 'q');
        const slot = hashOf(keyOf(random)) & 0x1ffff;
        lengths.set(slot, (lengths.get(slot) ?? 0) + 1);
      }
      assert.ok(Math.max(...lengths.values()) < 12, `${Math.max(...lengths.values())} in one slot`);
    }
  });
});
