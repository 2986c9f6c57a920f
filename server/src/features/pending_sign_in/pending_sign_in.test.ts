import assert from 'node:assert/strict';
import { mfaWorld } from '../../../../test/support/mfa_world.ts';
import { totpCode } from '../../../../test/support/totp_code.ts';
import { NO_DEVICE, reason } from '../../../../test/support/world.ts';

const ended = async (world: Awaited<ReturnType<typeof mfaWorld>>, answer: ReturnType<typeof world.mfa.proveTotp>) => {
  const { proof } = await answer;
  return world.mfa.endSignIn(proof ?? assert.fail('held'), 'web', NO_DEVICE);
};

describe('a pending sign-in', () => {
  it('MFA-1 MFA-2 comes between password and session once there is a factor, and ends in aal2', async () => {
    const world = await mfaWorld();
    const { secret } = await world.enrollTotp();
    world.nextStep();
    const outcome = await world.signIn();
    assert.equal(outcome.created, undefined);
    assert.equal(outcome.pending?.asked, 'factor');
    const code = totpCode(secret, world.time.now);
    const token = outcome.pending?.token ?? '';
    const { session } = await ended(world, world.mfa.proveTotp({ ...world.by, token, code }));
    assert.equal(session.acr, 'aal2');
    assert.deepEqual(session.amr, ['pwd', 'otp', 'mfa']);
  });

  it('MFA-3 ends once, in its time, for its browser, in its epoch', async () => {
    const world = await mfaWorld();
    const { recoveryCodes } = await world.enrollTotp();
    const prove = (token: string, n: number, binding?: string) =>
      world.mfa.proveRecoveryCode({ ...world.by, token, code: recoveryCodes[n] ?? '', binding });
    const token = await world.pendingToken();
    await prove(token, 0);
    await assert.rejects(prove(token, 1), reason('PENDING_SIGN_IN_REJECTED'), 'ended');

    const late = await world.pendingToken();
    world.time.now += 10 * 60_000;
    await assert.rejects(prove(late, 1), reason('PENDING_SIGN_IN_REJECTED'), 'too old');

    const identity = (await world.readIdentity('default', world.identityId)) ?? assert.fail();
    const begun = await world.mfa.beginSignIn({ ...world.by, identity, method: 'password', binding: 'browser' });
    const own = begun.pending?.token ?? '';
    await assert.rejects(prove(own, 1), reason('PENDING_SIGN_IN_REJECTED'), 'without its browser');
    await assert.rejects(prove(own, 1, 'another'), reason('PENDING_SIGN_IN_REJECTED'), 'another browser');
    await prove(own, 1, 'browser');

    const before = await world.pendingToken();
    await world.setPassword({ ...world.by, identityId: world.identityId, password: 'a newer password' });
    await assert.rejects(ended(world, prove(before, 2)), reason('CREDENTIAL_REJECTED'), 'epoch');
  });

  it('MFA-4 takes 5 guesses, and 10 in all that an identity has open, right ones too', async () => {
    const world = await mfaWorld();
    const { recoveryCodes } = await world.enrollTotp();
    const guess = (token: string, code = '000000') => world.mfa.proveTotp({ ...world.by, token, code });
    const [first, second, third] = [await world.pendingToken(), await world.pendingToken(), await world.pendingToken()];
    for (const token of [first, second]) {
      for (let n = 0; n < 5; n += 1) await assert.rejects(guess(token), reason('CREDENTIAL_REJECTED'));
      const right = world.mfa.proveRecoveryCode({ ...world.by, token, code: recoveryCodes[0] ?? '' });
      await assert.rejects(right, reason('PENDING_SIGN_IN_REJECTED'));
    }
    await assert.rejects(guess(third), reason('RATE_LIMITED'));
    world.minutes(10);
    await world.mfa.proveRecoveryCode({ ...world.by, token: await world.pendingToken(), code: recoveryCodes[0] ?? '' });
  });

  it('MFA-5 takes each time-step once, none before the latest, and no code that is off by more than one', async () => {
    const world = await mfaWorld();
    const { secret, totp } = await world.enrollTotp();
    assert.ok(!JSON.stringify(totp).includes(secret), 'the secret is sealed');
    const prove = async (at: number) =>
      world.mfa.proveTotp({ ...world.by, token: await world.pendingToken(), code: totpCode(secret, at) });
    const refused = reason('CREDENTIAL_REJECTED');
    await assert.rejects(prove(world.time.now), refused, 'the code of the enrolment');
    world.minutes(5);
    const { now } = world.time;
    await prove(now);
    await assert.rejects(prove(now), refused, 'again');
    await assert.rejects(prove(now - 30_000), refused, 'the step before the latest');
    await assert.rejects(prove(now + 60_000), refused, 'two steps ahead');
    await prove(now + 30_000);
    await assert.rejects(prove(now), refused);
  });

  it('MFA-5 opens a secret for its own identity and tenant only, and keeps none before its first code', async () => {
    const world = await mfaWorld();
    const other = await world.addIdentity();
    const identity = (await world.readIdentity('default', world.identityId)) ?? assert.fail();
    const { token, secret } = await world.mfa.startTotpEnrollment(identity);
    const complete = (who: typeof identity, code: string) =>
      world.mfa.completeTotpEnrollment({ identity: who, actor: 'web', enrolled: false, token, code, label: '' });
    const code = totpCode(secret, world.time.now);
    await assert.rejects(complete(other, code), reason('CREDENTIAL_REJECTED'));
    await assert.rejects(complete(identity, '000000'), reason('CREDENTIAL_REJECTED'));
    assert.equal(await world.stores.mfa.readTotp('default', identity.id), undefined);
    world.minutes(15);
    await assert.rejects(complete(identity, totpCode(secret, world.time.now)), reason('CREDENTIAL_REJECTED'), 'late');
  });

  it('MFA-6 factors are changed by a fresh session, with the factor that there is', async () => {
    const world = await mfaWorld();
    const may = (sessionId: string) => world.mfa.readSubject('default', { sessionId });
    await may(world.sessionId);
    const { secret } = await world.enrollTotp();
    await assert.rejects(may(world.sessionId), reason('STEP_UP_REQUIRED'), 'a factor that was not proved');
    world.nextStep();
    const token = await world.pendingToken();
    await assert.rejects(world.mfa.readSubject('default', { pendingToken: token }), reason('STEP_UP_REQUIRED'));
    const code = totpCode(secret, world.time.now);
    const { sessionId } = await ended(world, world.mfa.proveTotp({ ...world.by, token, code }));
    assert.equal((await may(sessionId)).enrolled, true);
    world.time.now += 15 * 60_000 + 1;
    await assert.rejects(may(sessionId), reason('STEP_UP_REQUIRED'), 'no longer fresh');
    world.policy({ mfaPolicy: 'off' });
    await assert.rejects(may(sessionId), reason('FEATURE_NOT_CONFIGURED'));
  });

  it('MFA-7 a recovery code works once, in any spelling, and not after new ones were made', async () => {
    const world = await mfaWorld();
    const { recoveryCodes } = await world.enrollTotp();
    assert.equal(new Set(recoveryCodes).size, 10);
    const prove = async (code: string) =>
      (await world.mfa.proveRecoveryCode({ ...world.by, token: await world.pendingToken(), code })).codesLeft;
    const [first = '', second = '', third = ''] = recoveryCodes;
    assert.equal(await prove(` ${first.toUpperCase().replaceAll('-', ' ')}`), 9);
    await assert.rejects(prove(first), reason('CREDENTIAL_REJECTED'));
    assert.equal(await prove(second), 8);
    const identity = (await world.readIdentity('default', world.identityId)) ?? assert.fail();
    const renewed = await world.mfa.regenerateRecoveryCodes({ ...world.by, identity });
    await assert.rejects(prove(third), reason('CREDENTIAL_REJECTED'));
    assert.equal(await prove(renewed[0] ?? ''), 9);
  });

  it('MFA-8 a step-up gives the session a new session_id, and takes no remembered device', async () => {
    const world = await mfaWorld();
    const { secret } = await world.enrollTotp();
    world.minutes(60);
    const step = await world.mfa.startStepUp({ ...world.by, sessionId: world.sessionId });
    const code = totpCode(secret, world.time.now);
    const raised = await ended(world, world.mfa.proveTotp({ ...world.by, token: step.token, code }));
    const old = await world.verify('default', world.sessionId);
    assert.deepEqual(old, { active: false, reason: 'UNKNOWN' });
    const verdict = await world.verify('default', raised.sessionId);
    assert.ok(verdict.active);
    assert.equal(verdict.session.acr, 'aal2');
    // The first factor moved it on into a new epoch (ACC-1), the step-up gave it a new session_id.
    assert.equal(verdict.session.version, 3);
    assert.equal(verdict.session.authenticatedAt, world.time.now);
    assert.deepEqual(world.stores.feed.at(-1), {
      tenantId: 'default',
      kind: 'session',
      handle: verdict.session.handle,
      version: 3,
      revoked: false,
    });
  });

  it('MFA-9 a remembered device is spared the factor: for its identity, in its epoch and time, at aal1', async () => {
    const world = await mfaWorld();
    const { secret } = await world.enrollTotp();
    world.nextStep();
    const code = totpCode(secret, world.time.now);
    const token = await world.pendingToken();
    const { deviceToken = '' } = await world.mfa.proveTotp({ ...world.by, token, code, remember: true });
    assert.match(deviceToken, /^td_/);
    assert.equal((await world.signIn(deviceToken)).created?.session.acr, 'aal1');
    assert.equal((await world.signIn(`td_${'0'.repeat(49)}`)).created, undefined);
    const identity = (await world.readIdentity('default', world.identityId)) ?? assert.fail();
    const held = { ...world.by, identity, method: 'password' as const, deviceToken, hold: true };
    assert.equal((await world.mfa.beginSignIn(held)).pending?.asked, 'factor', 'the page of all factors');
    const other = { id: 'idn_other', epoch: 1 };
    const { isRemembered } = (await import('../mfa/remembered_devices.ts')).rememberedDevices({
      ...world,
      mfa: world.stores.mfa,
    });
    assert.equal(await isRemembered('default', other, deviceToken), false);
    assert.equal(
      await isRemembered('default', { id: world.identityId, epoch: identity.epoch + 1 }, deviceToken),
      false,
    );
    world.policy({ rememberDevice: 60_000 });
    assert.equal((await world.signIn(deviceToken)).created, undefined, 'a span that was shortened');
    world.policy({ rememberDevice: 30 * 86_400_000 });
    await world.mfa.factors.forgetDevices({ ...world.by, identityId: world.identityId });
    assert.equal((await world.signIn(deviceToken)).created, undefined, 'forgotten');
  });

  it('MFA-1 a required factor is enrolled before there is a session', async () => {
    const world = await mfaWorld();
    world.policy({ mfaPolicy: 'required' });
    const { pending } = await world.signIn();
    assert.equal(pending?.asked, 'enrollment');
    const token = pending?.token ?? '';
    const held = await world.mfa.pending.read({ tenantId: 'default', token });
    const identity = (await world.readIdentity('default', world.identityId)) ?? assert.fail();
    await assert.rejects(world.mfa.pending.finishHeld(held, identity), reason('PENDING_SIGN_IN_REJECTED'));
    await world.enrollTotp({ pendingToken: token });
    await assert.rejects(world.mfa.pending.finishHeld(held, identity), reason('PENDING_SIGN_IN_REJECTED'));
    const { acr } = await world.mfa.pending.finish(held, 'totp');
    assert.equal(acr, 'aal2');
  });

  it('AUD-2 no event and no record holds a secret', async () => {
    const world = await mfaWorld();
    const { secret, recoveryCodes } = await world.enrollTotp();
    const token = await world.pendingToken();
    await world.mfa.proveRecoveryCode({ ...world.by, token, code: recoveryCodes[0] ?? '' });
    const text = JSON.stringify(world.stores.events);
    for (const canary of [secret, token, ...recoveryCodes]) assert.ok(!text.includes(canary));
  });
});
