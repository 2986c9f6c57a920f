import assert from 'node:assert/strict';
import { differences } from './matcher.ts';

const yes = (expected: unknown, actual: unknown) => assert.deepEqual(differences(expected, actual), []);
const no = (expected: unknown, actual: unknown, text: RegExp) => {
  const found = differences(expected, actual);
  assert.ok(found.length > 0, `matched: ${JSON.stringify(actual)}`);
  assert.match(found.join('\n'), text);
};

describe('matcher', () => {
  it('compares scalars exactly', () => {
    yes('a', 'a');
    yes(0, 0);
    yes(false, false);
    no('a', 'A', /expected "a", got "A"/);
    no(0, '0', /expected 0, got "0"/);
    no(false, undefined, /got nothing/);
    no('', null, /got null/);
  });

  it('lets objects hold more, at any depth, and names the path', () => {
    yes({ a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 });
    no({ a: { b: 1 } }, { a: { b: 2 } }, /\$\.a\.b: expected 1, got 2/);
    no({ a: { b: 1 } }, { a: [] }, /\$\.a: expected an object/);
    no({ a: 1 }, null, /expected an object, got null/);
  });

  it('compares lists element by element and in length', () => {
    yes([1, { a: 2 }], [1, { a: 2, b: 3 }]);
    no([1], [1, 2], /expected 1 elements, got 2/);
    no([1, 2], [1, 3], /\$\[1\]: expected 2, got 3/);
    no([1], 'x', /expected a list/);
  });

  it('takes an empty list or object for an absent one, as protobuf does', () => {
    yes([], undefined);
    yes({}, undefined);
    yes({ a: [] }, {});
    no([], [1], /expected 0 elements/);
  });

  it('$any, $absent and $empty', () => {
    yes({ a: { $any: true } }, { a: 0 });
    no({ a: { $any: true } }, { a: null }, /expected a value/);
    yes({ a: { $absent: true } }, {});
    yes({ a: null }, { a: null });
    no({ a: { $absent: true } }, { a: '' }, /expected nothing, got ""/);
    yes({ a: { $empty: true } }, { a: '' });
    yes({ a: { $empty: true } }, { a: {} });
    no({ a: { $empty: true } }, { a: [0] }, /got \[0\]/);
  });

  it('$match, $not and $one_of', () => {
    yes({ $match: '^ses_[0-9a-f]{4}$' }, 'ses_00ff');
    no({ $match: '^ses_' }, 'xses_', /like \/\^ses_\//);
    no({ $match: '1' }, 1, /got 1/);
    yes({ $not: 'a' }, 'b');
    yes({ $not: { $match: 'a' } }, 'b');
    no({ $not: 'a' }, 'a', /anything but "a"/);
    yes({ $one_of: ['a', { $match: '^b' }] }, 'bc');
    no({ $one_of: ['a', 'b'] }, 'c', /one of/);
  });

  it('$contains, $lacks, $each and $length', () => {
    yes({ $contains: [{ a: 1 }] }, [{ a: 0 }, { a: 1, b: 2 }]);
    no({ $contains: [{ a: 2 }] }, [{ a: 1 }], /an element like \{"a":2\}/);
    no({ $contains: [1] }, undefined, /expected a list/);
    yes({ $lacks: { a: 2 } }, [{ a: 1 }]);
    yes({ $lacks: 1 }, undefined);
    no({ $lacks: { a: 1 } }, [{ a: 1 }], /no element like/);
    yes({ $each: { $above: 0 } }, [1, 2]);
    no({ $each: { $above: 1 } }, [1, 2], /\$\[0\]/);
    yes({ $length: 2 }, 'ab');
    yes({ $length: 0 }, undefined);
    no({ $length: 1 }, [1, 2], /expected length 1, got 2/);
  });

  it('$above, $most and several at once', () => {
    yes({ $above: 1, $most: 2 }, 2);
    no({ $above: 2 }, 2, /more than 2/);
    no({ $most: 2 }, '1', /at most 2/);
  });

  it('$instant', () => {
    yes({ $instant: true }, '2026-11-23T10:00:00Z');
    yes({ $instant: true }, '2026-11-23T10:00:00.123+00:00');
    no({ $instant: true }, '2026-11-23', /expected an instant/);
    yes({ $instant: { from: '2026-11-23T10:00:00.500Z', seconds: 60 } }, '2026-11-23T10:01:00.5Z');
    yes({ $instant: { from: '2026-11-23T10:00:00Z', seconds: 0, within: 5 } }, '2026-11-23T09:59:56Z');
    no({ $instant: { from: '2026-11-23T10:00:00Z', seconds: 60 } }, '2026-11-23T10:01:01Z', /expected 60 s after/);
  });

  it('$exactly', () => {
    yes({ $exactly: { a: 1 } }, { a: 1 });
    no({ $exactly: { a: 1 } }, { a: 1, b: 2 }, /\$\.b: not expected/);
  });

  it('refuses a matcher that does not exist, so that a typing error matches nothing', () => {
    assert.throws(() => differences({ $mach: 'x' }, 'x'), /\$mach is not a matcher/);
  });
});
