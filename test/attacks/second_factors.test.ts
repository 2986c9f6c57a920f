// MFA-4 MFA-5 MFA-7 PKY-2: what may be used once is used once, however many ask at once on however many nodes.
import assert from 'node:assert/strict';
import { MfaPolicy } from '../../server/src/contract/gen/trust/v1/tenant.ts';
import { softwarePasskey } from '../support/authenticator.ts';
import { needsPostgres } from '../support/needs.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { freshName } from '../support/shared_server.ts';
import { totpCode } from '../support/totp_code.ts';
import { type TwoNodes, twoNodes } from '../support/two_nodes.ts';

const PASSWORD = 'violet-otter-battery';

describe('attack: second factors on two nodes', function () {
  this.timeout(120_000);
  let two: TwoNodes | undefined;
  let rpcs: RpcCaller[];
  let first: RpcCaller;

  before(async function () {
    needsPostgres(this);
    two = await twoNodes();
    rpcs = two.nodes.map(({ grpcAddress, serviceKey }) => new RpcCaller(grpcAddress, serviceKey));
    first = rpcs[0] ?? assert.fail();
  });
  after(async () => {
    for (const rpc of rpcs ?? []) rpc.close();
    await two?.remove();
  });

  /** The same asked many times at once, over both nodes in turn: how many were answered, and the reasons of the rest. */
  async function race(
    count: number,
    ask: (rpc: RpcCaller, n: number) => Promise<{ failure?: { reason: string } | undefined }>,
  ) {
    const answers = await Promise.all(Array.from({ length: count }, (_, n) => ask(rpcs[n % 2] ?? first, n)));
    const reasons = answers.flatMap(({ failure }) => (failure === undefined ? [] : [failure.reason]));
    return { yes: count - reasons.length, reasons: new Set(reasons) };
  }

  async function person() {
    const who = { identifierType: 3 as const, identifier: freshName('mfa'), password: PASSWORD };
    const { sessionId, identity } = await first.ok('PasswordService', 'signUpWithPassword', who);
    const pending = async () => {
      const answer = await first.ok('PasswordService', 'signInWithPassword', who);
      assert.equal(answer.sessionId, '', 'no session before the second factor');
      return answer.pending?.pendingToken ?? assert.fail('nothing more was asked');
    };
    return { who, sessionId, identityId: identity?.id ?? '', pending };
  }

  async function withTotp() {
    const one = await person();
    const subject = { subject: { $case: 'sessionId' as const, value: one.sessionId } };
    const { secret, enrollmentToken } = await first.ok('MfaService', 'startTotpEnrollment', { subject });
    const code = totpCode(secret, Date.now() - 30_000);
    const request = { subject, enrollmentToken, code };
    const { recoveryCodes } = await first.ok('MfaService', 'completeTotpEnrollment', request);
    return { ...one, secret, recoveryCodes };
  }

  it('MFA-5 of 50 uses of one code, each for a sign-in of its own, one succeeds', async () => {
    const { secret, pending } = await withTotp();
    // Ten sign-ins with five tries each would meet the limit of guesses first: five sign-ins, one try each.
    const tokens = [await pending(), await pending(), await pending(), await pending(), await pending()];
    const code = totpCode(secret, Date.now());
    const { yes, reasons } = await race(tokens.length, (rpc, n) =>
      rpc.call('MfaService', 'proveTotp', { pendingToken: tokens[n] ?? '', code }),
    );
    assert.equal(yes, 1);
    assert.deepEqual([...reasons], ['CREDENTIAL_REJECTED']);
  });

  it('MFA-3 of 50 uses of one code for one sign-in, one succeeds', async () => {
    const { secret, pending } = await withTotp();
    const pendingToken = await pending();
    const code = totpCode(secret, Date.now());
    const { yes } = await race(50, (rpc) => rpc.call('MfaService', 'proveTotp', { pendingToken, code }));
    assert.equal(yes, 1);
  });

  it('MFA-7 of 50 uses of one recovery code, one succeeds', async () => {
    const { recoveryCodes, pending } = await withTotp();
    const tokens = [await pending(), await pending(), await pending(), await pending(), await pending()];
    const recoveryCode = recoveryCodes[0] ?? '';
    const { yes } = await race(tokens.length, (rpc, n) =>
      rpc.call('MfaService', 'proveRecoveryCode', { pendingToken: tokens[n] ?? '', recoveryCode }),
    );
    assert.equal(yes, 1);
    const again = { pendingToken: await pending(), recoveryCode };
    assert.equal((await first.refused('MfaService', 'proveRecoveryCode', again)).reason, 'CREDENTIAL_REJECTED');
  });

  it('MFA-3 MFA-7 of 50 uses of one recovery code for one sign-in, one succeeds', async () => {
    const { recoveryCodes, pending } = await withTotp();
    const request = { pendingToken: await pending(), recoveryCode: recoveryCodes[1] ?? '' };
    const { yes } = await race(50, (rpc) => rpc.call('MfaService', 'proveRecoveryCode', request));
    assert.equal(yes, 1);
  });

  it('MFA-4 of 200 guesses at once over 4 sign-ins, 10 are checked', async () => {
    const { identityId, pending } = await withTotp();
    const tokens = [await pending(), await pending(), await pending(), await pending()];
    const { yes, reasons } = await race(200, (rpc, n) =>
      rpc.call('MfaService', 'proveTotp', { pendingToken: tokens[n % 4] ?? '', code: String(n).padStart(6, '0') }),
    );
    assert.equal(yes, 0);
    assert.ok(reasons.has('RATE_LIMITED'), [...reasons].join());
    const { events } = await first.ok('AuditService', 'listAuditEvents', { identityId, pageSize: 100 });
    assert.equal(events.filter(({ action }) => action === 'factor.rejected').length, 10);
  });

  it('PKY-2 of 50 uses of one signed challenge, one succeeds', async () => {
    const { sessionId } = await person();
    const origin = two?.nodes[0].publicUrl ?? '';
    // Browsers take no address for a relying party; the software passkey does not mind.
    const subject = { subject: { $case: 'sessionId' as const, value: sessionId } };
    const { optionsJson } = await first.ok('PasskeyService', 'startPasskeyRegistration', { subject });
    const passkey = softwarePasskey(origin);
    const credentialJson = passkey.create(optionsJson);
    const registration = await race(50, (rpc) =>
      rpc.call('PasskeyService', 'completePasskeyRegistration', { subject, credentialJson }),
    );
    assert.equal(registration.yes, 1);
    const { optionsJson: asked } = await first.ok('PasskeyService', 'startPasskeySignIn', {});
    const signed = passkey.get(asked, { counter: 0 });
    const signIn = await race(50, (rpc) =>
      rpc.call('PasskeyService', 'completePasskeySignIn', { credentialJson: signed }),
    );
    assert.equal(signIn.yes, 0, 'a counter that falls back');
    const { optionsJson: more } = await first.ok('PasskeyService', 'startPasskeySignIn', {});
    const right = passkey.get(more, { counter: 9 });
    const { yes } = await race(50, (rpc) =>
      rpc.call('PasskeyService', 'completePasskeySignIn', { credentialJson: right }),
    );
    assert.equal(yes, 1);
  });

  it('MFA-1 no way in passes a required factor by, and a step-up cannot be skipped', async () => {
    const { who, sessionId } = await withTotp();
    const { tenant } = await first.ok('TenantService', 'getTenant', {});
    const settings = tenant?.settings ?? assert.fail();
    await first.ok('TenantService', 'updateTenant', { settings: { ...settings, mfaPolicy: MfaPolicy.REQUIRED } });
    try {
      for (const rpc of rpcs) {
        const signIn = await rpc.ok('PasswordService', 'signInWithPassword', who);
        assert.deepEqual([signIn.sessionId, signIn.session], ['', undefined]);
        const signUp = await rpc.ok('PasswordService', 'signUpWithPassword', { ...who, identifier: freshName('new') });
        assert.deepEqual([signUp.sessionId, signUp.pending?.enrollmentRequired], ['', true]);
      }
      const subject = { subject: { $case: 'sessionId' as const, value: sessionId } };
      for (const { reason, metadata } of [
        await first.refused('MfaService', 'startTotpEnrollment', { subject }),
        await first.refused('MfaService', 'regenerateRecoveryCodes', { sessionId }),
        await first.refused('PasskeyService', 'startPasskeyRegistration', { subject }),
      ]) {
        assert.deepEqual([reason, metadata.acr], ['STEP_UP_REQUIRED', 'aal2']);
      }
    } finally {
      await first.ok('TenantService', 'updateTenant', { settings });
    }
  });
});
