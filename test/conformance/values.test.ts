import assert from 'node:assert/strict';
import { at, fill } from './values.ts';

const A = '${a}';

describe('values', () => {
  it('fill in variables whole or inside a text, in members and their names', () => {
    const variables = new Map<string, unknown>([['a', { b: 1 }]]);
    assert.deepEqual(fill({ x: [A] }, variables), { x: [{ b: 1 }] });
    assert.deepEqual(fill({ [`k-${A}`]: `v-${A}` }, new Map([['a', 7]])), { 'k-7': 'v-7' });
    assert.throws(() => fill(A, new Map()), /no variable a/);
  });

  it('make values', () => {
    const make = (value: unknown) => fill(value, new Map());
    assert.equal(make({ $repeat: { text: 'ab', times: 3 } }), 'ababab');
    assert.deepEqual(make({ $list: { item: 1, times: 2 } }), [1, 1]);
    assert.deepEqual(make({ $numbered: { text: 'r', times: 2 } }), ['r1', 'r2']);
    assert.deepEqual(make({ $entries: { times: 2, value: 'v' } }), { k1: 'v', k2: 'v' });
    assert.deepEqual(make({ $merge: [{ a: 1, b: 1 }, { b: 2 }] }), { a: 1, b: 2 });
    assert.deepEqual(make({ $concat: [[1], [2, 3]] }), [1, 2, 3]);
    assert.ok(Math.abs(Date.parse(String(make({ $ago: 60 }))) - (Date.now() - 60_000)) < 5_000);
  });

  it('leave matchers alone', () => {
    assert.deepEqual(fill({ $match: 'x', $length: 3 }, new Map()), { $match: 'x', $length: 3 });
  });

  it('are found by path', () => {
    const value = { a: [{ b: 'c' }] };
    assert.equal(at(value, 'a[0].b'), 'c');
    assert.equal(at(value, ''), value);
    assert.equal(at(value, 'a.x.y'), undefined);
  });
});
