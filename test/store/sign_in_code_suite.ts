import assert from 'node:assert/strict';
import type { Store } from '../../server/src/store/store.ts';
import { NO_TRAIL, NOW, newTenantId, signInCode, TWINS } from './fixtures.ts';

export function signInCodeSuite(store: () => Store): void {
  describe('SignInCodeStore', () => {
    const made = async (...more: Parameters<typeof signInCode>) => {
      const code = signInCode(...more);
      await store().signInCodes.insert(code, NO_TRAIL);
      return code;
    };

    it('spends a code once and gives it back whole', async () => {
      const code = await made(newTenantId());
      const spent = await store().signInCodes.spend(code.tenantId, code.digest, 'ses_first', NOW);
      assert.deepEqual(spent, { code, first: true, sessionHandle: 'ses_first' });
      assert.equal(await store().signInCodes.wasReplayed(code.tenantId, code.digest), false);
    });

    it('answers a later call with the handle of the first, and marks the code replayed', async () => {
      const code = await made(newTenantId());
      await store().signInCodes.spend(code.tenantId, code.digest, 'ses_first', NOW);
      const again = await store().signInCodes.spend(code.tenantId, code.digest, 'ses_second', NOW + 1);
      assert.deepEqual(again, { code, first: false, sessionHandle: 'ses_first' });
      assert.equal(await store().signInCodes.wasReplayed(code.tenantId, code.digest), true);
    });

    it('has exactly one first among 50 concurrent callers', async () => {
      const code = await made(newTenantId());
      const calls = Array.from({ length: 50 }, (_, n) =>
        store().signInCodes.spend(code.tenantId, code.digest, `ses_${n}`, NOW),
      );
      const answers = await Promise.all(calls);
      const first = answers.findIndex((answer) => answer?.first);
      assert.equal(answers.filter((answer) => answer?.first).length, 1);
      assert.ok(answers.every((answer) => answer?.sessionHandle === `ses_${first}`));
      assert.equal(await store().signInCodes.wasReplayed(code.tenantId, code.digest), true);
    });

    it('does not know another digest or tenant, byte by byte', async () => {
      const { tenantId } = await made(newTenantId(), { digest: 'abc' });
      for (const twin of TWINS.slice(1)) {
        assert.equal(await store().signInCodes.spend(tenantId, twin, 'ses_1', NOW), undefined);
        assert.equal(await store().signInCodes.wasReplayed(tenantId, twin), false);
      }
      assert.equal(await store().signInCodes.spend(newTenantId(), 'abc', 'ses_1', NOW), undefined);
      assert.equal((await store().signInCodes.spend(tenantId, 'abc', 'ses_1', NOW))?.first, true);
    });
  });
}
