import assert from 'node:assert/strict';
import type { Verdict } from './gen/trust/v1/session.ts';
import { activeVerdict } from './testing/fake_server.ts';
import { toVerdict } from './verdict.ts';

const rejected = (reason: number) => ({ answer: { $case: 'rejected', value: { reason } } }) as unknown as Verdict;

describe('verdict', () => {
  it('SDK-2 is active with session and identity', () => {
    const verdict = toVerdict(activeVerdict().verdict);
    assert.equal(verdict.active, true);
    assert(verdict.active);
    assert.equal(verdict.session.handle, 'ses_1');
    assert.equal(verdict.identity.id, 'idn_1');
    assert.equal(verdict.cacheForMs, 250);
  });

  for (const [name, wire] of Object.entries({
    'no verdict': undefined,
    'empty verdict': { answer: undefined },
    'unknown answer': { answer: { $case: 'perhaps', value: {} } },
    'active without session': activeVerdict({ session: undefined }).verdict,
    'active with an empty session': activeVerdict({ session: { handle: '', identityId: 'idn_1' } }).verdict,
    'active without identity': activeVerdict({ identity: undefined }).verdict,
    'active with an empty identity': activeVerdict({ identity: { id: '' } }).verdict,
    'active with the identity of another': activeVerdict({ identity: { id: 'idn_2' } }).verdict,
    'unset reason': rejected(0),
    'unknown reason': rejected(99),
  })) {
    it(`SDK-2 TERM-4 ${name} is rejected`, () => {
      assert.deepEqual(toVerdict(wire as Verdict | undefined), { active: false, reason: 'UNSPECIFIED' });
    });
  }

  it('SES-2 names the reasons', () => {
    const reasons = [1, 2, 3, 4].map((reason) => toVerdict(rejected(reason)));
    assert.deepEqual(
      reasons.map((verdict) => verdict.active || verdict.reason),
      ['MALFORMED', 'UNKNOWN', 'EXPIRED', 'REVOKED'],
    );
  });
});
