import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { passwordWorld } from '../../../../test/support/password_world.ts';
import { reason } from '../../../../test/support/world.ts';
import type { Caller } from '../../contract/rpc.ts';
import { signInRpc } from './rpc.ts';

const caller: Caller = { tenantId: 'default', service: 'web', scopes: new Set(), audiences: new Set() };
const call = { tenantId: 'default', caller };
const codeVerifier = 'v'.repeat(43);

async function served() {
  const world = passwordWorld();
  const identity = await world.register(world.attempt);
  const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url');
  const returnTo = 'https://app.example.com/cb';
  const request = { returnTo, state: 'abcdefghijklmnop', codeChallenge };
  const issued = { tenantId: 'default', actor: 'hosted-page', identity, request, acr: 'aal1', amr: ['pwd'] };
  const { code } = await world.issue(issued);
  const { exchangeSignInCode } = signInRpc({ exchangeSignInCode: world.exchange });
  return {
    ...world,
    exchangeSignInCode,
    request: { tenantId: '', code, codeVerifier, returnTo, device: undefined, previousSessionId: '' },
  };
}

describe('SignInService', () => {
  it('exchanges a code for session_id, session and identity', async () => {
    const { exchangeSignInCode, request } = await served();
    const { sessionId, session, identity } = await exchangeSignInCode(request, call);
    assert.match(sessionId, /^ts_/);
    assert.deepEqual([session?.acr, session?.amr, identity?.displayName], ['aal1', ['pwd'], 'Ada']);
  });

  it('RED-11 tells which session ended', async () => {
    const { exchangeSignInCode, request, signIn } = await served();
    const held = await signIn();
    const answer = await exchangeSignInCode({ ...request, previousSessionId: held.sessionId }, call);
    assert.deepEqual([answer.previousHandle, answer.previousVersion], [held.session.handle, 2n]);
  });

  it('ERR-3 names each malformed field, and none of them spends the code', async () => {
    const { exchangeSignInCode, request } = await served();
    const refused: [object, string][] = [
      [{ code: '' }, 'code'],
      [{ code: 'x'.repeat(257) }, 'code'],
      [{ codeVerifier: 'v'.repeat(42) }, 'code_verifier'],
      [{ codeVerifier: 'v'.repeat(129) }, 'code_verifier'],
      [{ codeVerifier: `${'v'.repeat(43)}\n` }, 'code_verifier'],
      [{ returnTo: '' }, 'return_to'],
      [{ returnTo: 'x'.repeat(2_049) }, 'return_to'],
      [{ previousSessionId: 'x'.repeat(257) }, 'previous_session_id'],
      [{ device: { userAgent: 'x'.repeat(513), ipAddress: '', label: '' } }, 'device.user_agent'],
    ];
    for (const [change, field] of refused) {
      await assert.rejects(exchangeSignInCode({ ...request, ...change }, call), reason('INVALID_FIELD', field), field);
    }
    assert.ok(await exchangeSignInCode(request, call));
  });
});
