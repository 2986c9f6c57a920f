import assert from 'node:assert/strict';
import { reason, repeatableRandom } from '../../../test/support/world.ts';
import { sealerOf } from '../kernel/sealer.ts';
import { type ListName, pageTokens } from './page_tokens.ts';

const LIST = ['sessions', 'default', 'idn_1'] as const;
const END = { at: 1_764_000_000_123, id: 'tsh_00000000000000000000000000000001' };
const random = repeatableRandom();
const tokensOf = (key: number) => pageTokens(sealerOf({ masterKey: Buffer.alloc(32, key), random, purpose: 'pages' }));

describe('page tokens', () => {
  const tokens = tokensOf(1);

  it('ERR-8 carry a position through every node with the same master key, and show nothing of it', () => {
    const token = tokens.write(LIST, END);
    assert.deepEqual(tokensOf(1).read(LIST, token), END);
    assert.doesNotMatch(Buffer.from(token, 'base64url').toString('latin1'), /tsh_|1764/);
    assert.ok(token.length < 256);
  });

  it('the end of a list has none, and none is the first page', () => {
    assert.equal(tokens.write(LIST, undefined), '');
    assert.equal(tokens.read(LIST, ''), undefined);
  });

  const OTHERS: readonly (readonly [string, ListName])[] = [
    ['list', ['factors', 'default', 'idn_1']],
    ['tenant', ['sessions', 'other', 'idn_1']],
    ['filter', ['sessions', 'default', 'idn_2']],
    ['number of filters', ['sessions', 'default', 'idn_1', '']],
  ];
  for (const [what, other] of OTHERS)
    it(`ERR-8 TEN-2 a token of another ${what} is refused`, () => {
      assert.throws(() => tokens.read(other, tokens.write(LIST, END)), reason('INVALID_PAGE_TOKEN', 'page_token'));
    });

  it('ERR-8 what was forged, cut, lengthened or changed is refused, and so is a token of another master key', () => {
    const token = tokens.write(LIST, END);
    const forged = Buffer.from(`${END.at} ${END.id}`).toString('base64url');
    const changed = [...token].map(
      (letter, place) => token.slice(0, place) + (letter === 'A' ? 'B' : 'A') + token.slice(place + 1),
    );
    const bad = [forged, `v1.${forged}`, token.slice(0, -1), `${token}A`, `${token}=`, ` ${token}`, 'x'.repeat(513)];
    for (const one of [...bad, ...changed, tokensOf(2).write(LIST, END)])
      assert.throws(() => tokens.read(LIST, one), reason('INVALID_PAGE_TOKEN', 'page_token'), one);
  });
});
