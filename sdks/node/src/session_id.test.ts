import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { isServiceKey, isSessionId, isSignInCode } from './session_id.ts';

interface VectorFile {
  readonly vectors: readonly {
    readonly name: string;
    readonly rule: string;
    readonly session_id: string;
    readonly well_formed: boolean;
  }[];
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function withChecksum(text: string): string {
  let rest = crc32(text);
  let sum = '';
  for (let i = 0; i < 6; i += 1) {
    sum = ALPHABET.charAt(rest % 62) + sum;
    rest = Math.floor(rest / 62);
  }
  return text + sum;
}

describe('session_id: spec/vectors/session_ids.json', () => {
  const url = new URL('../../../spec/vectors/session_ids.json', import.meta.url);
  for (const vector of (JSON.parse(readFileSync(url, 'utf8')) as VectorFile).vectors) {
    it(`${vector.rule} ${vector.name} is ${vector.well_formed ? 'well-formed' : 'refused'}`, () => {
      assert.equal(isSessionId(vector.session_id), vector.well_formed);
    });
  }
});

describe('session_id', () => {
  const body = 'a'.repeat(42);

  it('SEC-1 knows the prefixes of codes and service keys', () => {
    const code = withChecksum(`tc_0${body}`);
    const key = withChecksum(`tlk_${'Z'.repeat(16)}_0${body}`);
    assert.equal(isSignInCode(code), true);
    assert.equal(isSessionId(code), false);
    assert.equal(isServiceKey(key), true);
    assert.equal(isSignInCode(key), false);
    assert.equal(isServiceKey(withChecksum(`tlk_${'Z'.repeat(15)}-_0${body}`)), false);
    assert.equal(isServiceKey(withChecksum(`tlk_${'Z'.repeat(17)}0${body}`)), false);
  });

  it('SEC-2 refuses 2^256 and more', () => {
    assert.equal(isSessionId(withChecksum(`ts_${'z'.repeat(43)}`)), false);
  });

  it('SEC-4 refuses what is no text', () => {
    for (const value of [undefined, null, 1, {}, ['ts_'], new String('ts_')]) {
      assert.equal(isSessionId(value), false);
    }
  });
});
