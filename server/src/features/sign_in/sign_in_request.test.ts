import assert from 'node:assert/strict';
import { readSignInRequest, type SignInQuery } from './sign_in_request.ts';

const RETURN_TO = 'https://app.example.com/cb';
const good = {
  return_to: RETURN_TO,
  state: 'abcdefghijklmnop',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
};
const read = (change: Partial<SignInQuery>) => readSignInRequest([RETURN_TO], { ...good, ...change });

describe('sign-in request', () => {
  it('RED-2 takes state of 16 to 256 characters and a challenge of 43', () => {
    assert.deepEqual(read({}), {
      request: { returnTo: RETURN_TO, state: good.state, codeChallenge: good.code_challenge },
    });
    for (const state of ['A-z0.9_~aaaaaaaa', 'x'.repeat(256)]) assert.ok('request' in read({ state }));
    assert.ok('request' in read({ code_challenge: '._~-'.padEnd(43, 'a') }));
  });

  it('RED-1 RED-2 names the first field that is not as it must be', () => {
    const faults: [keyof SignInQuery, (string | undefined)[]][] = [
      ['return_to', [undefined, '', 'https://evil.example/cb', `${RETURN_TO}\n`]],
      [
        'state',
        [
          undefined,
          '',
          'x'.repeat(15),
          'x'.repeat(257),
          'abcdefghijklmno ',
          'abcdefghijklmnop\n',
          'abcdefghijklmno%',
          'abcdefghijklmnoé',
        ],
      ],
      [
        'code_challenge',
        [
          undefined,
          '',
          'x'.repeat(42),
          'x'.repeat(44),
          `${'x'.repeat(42)}=`,
          `${'x'.repeat(43)}\n`,
          `${'x'.repeat(42)}+`,
        ],
      ],
      ['code_challenge_method', [undefined, '', 'plain', 's256', 'S256 ', 'S512']],
    ];
    for (const [field, values] of faults) {
      for (const value of values) assert.deepEqual(read({ [field]: value }), { fault: field }, `${field} ${value}`);
    }
    assert.deepEqual(readSignInRequest([RETURN_TO], { ...good, return_to: 'x', state: 'x' }), { fault: 'return_to' });
  });
});
