import assert from 'node:assert/strict';
import { softwarePasskey } from '../../../../test/support/authenticator.ts';
import { mfaWorld, ORIGIN } from '../../../../test/support/mfa_world.ts';
import { reason } from '../../../../test/support/world.ts';

const REJECTED = reason('CREDENTIAL_REJECTED');

describe('a passkey', () => {
  it('PKY-3 alone is a whole sign-in at aal2, if it verified its user', async () => {
    const world = await mfaWorld();
    const { passkey, recoveryCodes } = await world.enrollPasskey();
    assert.equal(recoveryCodes.length, 10);
    const signIn = async (lies = {}) => {
      const options = await world.mfa.startPasskeySignIn('default', undefined);
      return world.mfa.signInWithPasskey({ ...world.by, credentialJson: passkey.get(options, lies) });
    };
    const { proof } = await signIn();
    assert.equal(proof?.identity.id, world.identityId);
    assert.deepEqual([proof?.acr, proof?.amr], ['aal2', ['swk', 'user', 'mfa']]);
    await assert.rejects(signIn({ userVerified: false }), REJECTED);
  });

  it('PKY-1 refuses answers of another origin, relying party or ceremony', async () => {
    const world = await mfaWorld();
    const { passkey } = await world.enrollPasskey();
    for (const lies of [
      { origin: 'http://localhost:8081' },
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { type: 'webauthn.create' },
    ]) {
      const options = await world.mfa.startPasskeySignIn('default', undefined);
      const credentialJson = passkey.get(options, lies);
      await assert.rejects(
        world.mfa.signInWithPasskey({ ...world.by, credentialJson }),
        REJECTED,
        JSON.stringify(lies),
      );
    }
  });

  it('PKY-2 refuses a challenge that is used, old, made up or for something else', async () => {
    const world = await mfaWorld();
    const { passkey, options: registration } = await world.enrollPasskey();
    const alone = (credentialJson: string) => world.mfa.signInWithPasskey({ ...world.by, credentialJson });
    const options = () => world.mfa.startPasskeySignIn('default', undefined);

    const used = await options();
    await alone(passkey.get(used));
    await assert.rejects(alone(passkey.get(used)), REJECTED, 'used');
    const old = await options();
    world.minutes(5);
    await assert.rejects(alone(passkey.get(old)), REJECTED, 'old');
    const forged = Buffer.alloc(56, 7).toString('base64url');
    await assert.rejects(alone(passkey.get(await options(), { challenge: forged })), REJECTED, 'made up');
    await assert.rejects(alone(passkey.get(registration)), REJECTED, 'of a registration');

    const token = await world.pendingToken();
    const ofPending = await world.mfa.startPasskeySignIn('default', { token });
    await assert.rejects(alone(passkey.get(ofPending)), REJECTED, 'of a pending sign-in');
    const prove = (credentialJson: string, name = token) =>
      world.mfa.provePasskey({ ...world.by, token: name, credentialJson });
    await assert.rejects(prove(passkey.get(await options())), REJECTED, 'of a sign-in without password');
    await assert.rejects(prove(passkey.get(ofPending), await world.pendingToken()), REJECTED, 'of another one');
    const { proof } = await prove(passkey.get(ofPending));
    assert.equal(proof?.acr, 'aal2');
  });

  it('PKY-3 as a second factor need not verify its user, but when it is registered', async () => {
    const world = await mfaWorld();
    const identity = (await world.readIdentity('default', world.identityId)) ?? assert.fail();
    const passkey = softwarePasskey(ORIGIN);
    const credentialJson = passkey.create(await world.mfa.startPasskeyRegistration(identity), { userVerified: false });
    const input = { identity, actor: 'web', enrolled: false, credentialJson, label: '' };
    await assert.rejects(world.mfa.completePasskeyRegistration(input), REJECTED);
    await world.enrollPasskey({ sessionId: world.sessionId }, passkey);
    const token = await world.pendingToken();
    const options = await world.mfa.startPasskeySignIn('default', { token });
    const answer = passkey.get(options, { userVerified: false });
    const { proof } = await world.mfa.provePasskey({ ...world.by, token, credentialJson: answer });
    assert.deepEqual([proof?.acr, proof?.amr], ['aal2', ['pwd', 'swk', 'mfa']]);
  });

  it('PKY-4 refuses a counter that does not rise, and takes one that stays 0', async () => {
    const world = await mfaWorld();
    const { passkey } = await world.enrollPasskey();
    const signIn = async (counter: number, key = passkey) => {
      const options = await world.mfa.startPasskeySignIn('default', undefined);
      return world.mfa.signInWithPasskey({ ...world.by, credentialJson: key.get(options, { counter }) });
    };
    await signIn(7);
    await assert.rejects(signIn(7), REJECTED);
    await assert.rejects(signIn(6), REJECTED);
    await assert.rejects(signIn(0), REJECTED);
    await signIn(8);
  });

  it('PKY-5 is one identity’s: not registered twice, no answer for another', async () => {
    const world = await mfaWorld();
    const { passkey } = await world.enrollPasskey();
    const other = await world.addIdentity();
    const json = passkey.create(await world.mfa.startPasskeyRegistration(other));
    const input = { identity: other, actor: 'web', enrolled: false, credentialJson: json, label: '' };
    await assert.rejects(world.mfa.completePasskeyRegistration(input), REJECTED);

    const own = softwarePasskey(ORIGIN);
    const made = own.create(await world.mfa.startPasskeyRegistration(other));
    await world.mfa.completePasskeyRegistration({ ...input, credentialJson: made });
    const token = await world.pendingToken();
    const options = await world.mfa.startPasskeySignIn('default', { token });
    const answer = world.mfa.provePasskey({ ...world.by, token, credentialJson: own.get(options) });
    await assert.rejects(answer, REJECTED);
  });

  it('is refused for a disabled identity, and in an answer that is none', async () => {
    const world = await mfaWorld();
    const { passkey } = await world.enrollPasskey();
    for (const credentialJson of ['', '{}', '[]', '{"id":"x","response":{"clientDataJSON":"x"}}', 'x'.repeat(16_000)]) {
      await assert.rejects(world.mfa.signInWithPasskey({ ...world.by, credentialJson }), REJECTED);
    }
    const before = (await world.readIdentity('default', world.identityId)) ?? assert.fail();
    const after = { ...before, active: false, version: before.version + 1 };
    await world.stores.identities.replace(before, after, { changes: [], events: [] });
    const options = await world.mfa.startPasskeySignIn('default', undefined);
    await assert.rejects(world.mfa.signInWithPasskey({ ...world.by, credentialJson: passkey.get(options) }), REJECTED);
  });
});
