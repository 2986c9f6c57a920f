import assert from 'node:assert/strict';
import fc from 'fast-check';
import { judge, type Rejection, type SessionWithIdentity } from './session.ts';

const NOW = 1_000_000;
const IDLE = 60_000;

/** Instants around the bound that matters, with the bound itself. */
const around = (bound: number) => fc.integer({ min: bound - 2, max: bound + 2 });

const found = fc
  .record({
    revokedAt: fc.option(fc.integer({ min: 0, max: NOW }), { nil: undefined }),
    epoch: fc.integer({ min: 1, max: 3 }),
    identity: fc.option(fc.record({ active: fc.boolean(), epoch: fc.integer({ min: 1, max: 3 }) }), { nil: undefined }),
    expiresAt: around(NOW),
    lastUsedAt: around(NOW - IDLE),
  })
  .map(({ identity, ...session }) => {
    const stored = { idleTimeout: IDLE, ...session };
    return { session: stored, identity } as unknown as SessionWithIdentity;
  });

/** Spec SES-1 and SES-2 said again, as a list of what speaks against the session, in the order of the list. */
function oracle(given: SessionWithIdentity | undefined): Rejection | 'active' {
  const against: [Rejection, boolean][] = [
    ['UNKNOWN', given === undefined],
    ['REVOKED', given?.session.revokedAt !== undefined],
    ['REVOKED', given?.identity?.active !== true],
    ['REVOKED', given?.session.epoch !== given?.identity?.epoch],
    ['EXPIRED', NOW >= (given?.session.expiresAt ?? 0)],
    ['EXPIRED', NOW >= (given?.session.lastUsedAt ?? 0) + IDLE],
  ];
  return against.find(([, holds]) => holds)?.[0] ?? 'active';
}

describe('judge', () => {
  it('ORG-13 leaves an agent no role of the organisation, and of its permissions those in its scope', () => {
    const organisation = { id: 'org_1', displayName: '', roles: ['owner'], permissions: ['a', 'b'], version: 1 };
    const permitted = (acting?: object) => {
      const session = { idleTimeout: IDLE, epoch: 1, expiresAt: NOW + 1, lastUsedAt: NOW, acting };
      const given = { session, identity: { active: true, epoch: 1 }, organisation } as unknown as SessionWithIdentity;
      const verdict = judge(given, NOW);
      return verdict.active && [verdict.organisation?.roles, verdict.organisation?.permissions];
    };
    assert.deepEqual(permitted(), [['owner'], ['a', 'b']]);
    assert.deepEqual(permitted({ kind: 'support' }), [['owner'], ['a', 'b']]);
    assert.deepEqual(permitted({ kind: 'agent', scope: ['b', 'c'] }), [[], ['b']]);
  });

  it('SES-1 SES-2 says what the rules say, whatever holds together', () => {
    fc.assert(
      fc.property(fc.option(found, { nil: undefined }), (given) => {
        const verdict = judge(given, NOW);
        assert.equal(verdict.active ? 'active' : verdict.reason, oracle(given));
      }),
      { numRuns: 2000 },
    );
  });

  it('SES-1 says no when the clock gives no number', () => {
    const identity = { active: true, epoch: 1 };
    const session = { epoch: 1, revokedAt: undefined, expiresAt: NOW, lastUsedAt: NOW, idleTimeout: IDLE };
    assert.equal(judge({ session, identity } as unknown as SessionWithIdentity, Number.NaN).active, false);
  });
});
