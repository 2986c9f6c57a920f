import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { safeReturnPath, toLocation } from './return_path.ts';

const url = new URL('../../../spec/vectors/return_paths.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(url, 'utf8')) as { vectors: { path: string; expect: string }[] };

describe('return path', () => {
  for (const { path, expect } of vectors) {
    it(`RED-6 ${JSON.stringify(path)} becomes ${JSON.stringify(expect)}`, () => {
      assert.equal(safeReturnPath(path), expect);
    });
    it(`RED-6 ${JSON.stringify(path)} as a Location stays on the origin`, () => {
      const location = toLocation(safeReturnPath(path));
      assert.match(location, /^[\x21-\x7e]+$/);
      assert.equal(new URL(location, 'https://app.example/auth/callback').origin, 'https://app.example');
    });
  }

  it('RED-6 C1 control characters, half a surrogate pair and other types', () => {
    assert.equal(safeReturnPath('/\u0085'), '/');
    assert.equal(safeReturnPath(undefined), '/');
    assert.equal(safeReturnPath(['/a']), '/');
    assert.equal(toLocation(safeReturnPath('/\ud800')), '/%EF%BF%BD');
  });
});
