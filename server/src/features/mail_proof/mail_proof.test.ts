import assert from 'node:assert/strict';
import { passwordWorld } from '../../../../test/support/password_world.ts';
import { softwareTotp } from '../../../../test/support/person.ts';
import { NO_DEVICE, reason } from '../../../../test/support/world.ts';
import { MINUTE } from '../../kernel/clock.ts';
import type { Identity } from '../identity/identity.ts';

const EMAIL = 'ada@example.com';
const PASSWORD = 'violet-otter-battery';
const NEWER = 'a newer password';

/** Ada with a password and a verified address, over memory stores. */
async function mailWorld(change: Partial<Identity> = {}) {
  const world = passwordWorld();
  const identifiers = [{ type: 'email' as const, value: EMAIL, verified: true }];
  const ada = await world.addIdentity({ identifiers, ...change });
  const by = { tenantId: 'default', actor: 'web' };
  await world.setPassword({ ...by, identityId: ada.id, password: PASSWORD });
  for (const mail of await world.stores.outbox.claim(99, 1)) {
    await world.stores.outbox.remove(mail, { changes: [], events: [] });
  }
  const asker = { ...by, address: '192.0.2.7', language: 'en' as const };
  /** The newest mail: its code and the token of its link. */
  const mailed = async () => {
    const [mail] = await world.outbox();
    const { text = '', to = '', template = '' } = mail ?? {};
    const code = /^ {4}(\d{4} \d{4})$/m.exec(text)?.[1] ?? '';
    return { to, template, code, linkToken: /token=(tl_\w+)/.exec(text)?.[1] ?? '' };
  };
  const given = { ...by, place: NO_DEVICE };
  const { email } = world;
  return {
    ...world,
    ada,
    by,
    asker,
    mailed,
    given,
    /** Starts, and gives flow token and code. */
    async begin(what: 'sign_in' | 'reset', address = EMAIL) {
      const start = what === 'reset' ? email.startPasswordReset : email.startMailSignIn;
      const { flowToken } = await start(asker, address);
      return { ...given, flowToken, code: (await mailed()).code };
    },
    session: () => world.signedInWith({ ...world.attempt, identifier: EMAIL, password: PASSWORD, device: NO_DEVICE }),
  };
}

const wrongOf = (code: string) => `${code.slice(0, -1)}${(Number(code.at(-1)) + 1) % 10}`;

describe('proofs by mail', () => {
  it('MAIL-7 MAIL-10 a code signs in once, within 10 minutes, and only with its flow token', async () => {
    const world = await mailWorld();
    const first = await world.begin('sign_in');
    const second = await world.begin('sign_in');
    await assert.rejects(
      world.email.completeMailSignIn({ ...first, code: second.code }),
      reason('CREDENTIAL_REJECTED'),
    );
    const { proof } = await world.email.completeMailSignIn(first);
    assert.deepEqual([proof?.identity.id, proof?.acr, proof?.amr], [world.ada.id, 'aal1', ['otp']]);
    await assert.rejects(world.email.completeMailSignIn(first), reason('CREDENTIAL_REJECTED'));
    world.time.now += 10 * MINUTE;
    await assert.rejects(world.email.completeMailSignIn(second), reason('CREDENTIAL_REJECTED'));
    const spaced = await world.begin('sign_in');
    const typed = { ...spaced, code: ` ${spaced.code.replace(' ', '-')} ` };
    assert.ok((await world.email.completeMailSignIn(typed)).proof);
  });

  it('MAIL-8 five wrong guesses end a code; a right one is given back', async () => {
    const world = await mailWorld();
    const begun = await world.begin('reset');
    for (let n = 0; n < 4; n++) {
      const wrong = world.email.completePasswordReset({ ...begun, code: wrongOf(begun.code) }, NEWER);
      await assert.rejects(wrong, reason('CREDENTIAL_REJECTED'));
    }
    for (let n = 0; n < 3; n++) {
      await assert.rejects(world.email.completePasswordReset(begun, 'weak one'), reason('WEAK_PASSWORD'));
    }
    const fifth = world.email.completePasswordReset({ ...begun, code: wrongOf(begun.code) }, NEWER);
    await assert.rejects(fifth, reason('CREDENTIAL_REJECTED'));
    await assert.rejects(world.email.completePasswordReset(begun, NEWER), reason('CREDENTIAL_REJECTED'));
    assert.ok((await world.authenticate({ ...world.attempt, password: PASSWORD })).id, 'nothing was changed');
  });

  it('MAIL-7 a code of one purpose is none of another, nor one begun in a browser', async () => {
    const world = await mailWorld();
    const reset = await world.begin('reset');
    await assert.rejects(world.email.completeMailSignIn(reset), reason('CREDENTIAL_REJECTED'));
    await assert.rejects(world.email.completeEmailVerification(reset), reason('CREDENTIAL_REJECTED'));
    const { linkToken } = await world.mailed();
    await assert.rejects(world.email.completeMailSignIn({ ...world.given, linkToken }), reason('CREDENTIAL_REJECTED'));
    const { flowToken } = await world.email.startMailSignIn({ ...world.asker, binding: 'b', request: '{}' }, EMAIL);
    const { code } = await world.mailed();
    const bound = { ...world.given, flowToken, code };
    await assert.rejects(world.email.completeMailSignIn(bound), reason('CREDENTIAL_REJECTED'));
    assert.ok((await world.email.completeMailSignIn({ ...bound, binding: 'b' }, { binding: 'b' })).proof);
  });

  it('MAIL-7 a code for a new password that a page asked for is of no use in another browser, nor in a call', async () => {
    const world = await mailWorld();
    const { flowToken } = await world.email.startPasswordReset({ ...world.asker, binding: 'b', request: '{}' }, EMAIL);
    const { code } = await world.mailed();
    for (const binding of [undefined, '', 'another']) {
      const elsewhere = { ...world.given, flowToken, code, binding };
      await assert.rejects(world.email.completePasswordReset(elsewhere, NEWER), reason('CREDENTIAL_REJECTED'));
    }
    const own = { ...world.given, flowToken, code, binding: 'b' };
    assert.ok((await world.email.completePasswordReset(own, NEWER))?.proof);
  });

  it('MAIL-9 nobody, disabled and unverified: the same calls of the store as for Ada, and no mail to anybody', async () => {
    const world = await mailWorld();
    const add = (value: string, change: Partial<Identity>, verified = true) =>
      world.addIdentity({ identifiers: [{ type: 'email', value, verified }], ...change });
    await add('disab@example.com', { active: false });
    await add('unver@example.com', {}, false);
    for (const what of ['sign_in', 'reset'] as const) {
      const calls: string[][] = [];
      const mails: number[] = [];
      for (const name of ['ada', 'nobod', 'disab', 'unver']) {
        const waiting = (await world.outbox()).length;
        world.stores.calls.length = 0;
        const start = what === 'reset' ? world.email.startPasswordReset : world.email.startMailSignIn;
        const { flowToken, expiresAt } = await start(world.asker, `${name}@example.com`);
        calls.push([...world.stores.calls]);
        assert.match(flowToken, /^tf_/);
        assert.equal(expiresAt, world.time.now + (what === 'reset' ? 15 : 10) * MINUTE);
        mails.push((await world.outbox()).length - waiting);
      }
      for (const each of calls) assert.deepEqual(each, calls[0]);
      // Who never verified the address may have a new password all the same: nobody else can claim the account.
      assert.deepEqual(mails, what === 'reset' ? [1, 0, 0, 1] : [1, 0, 0, 0]);
    }
  });

  it('MAIL-9 a wrong code of nobody takes the path of a wrong code, and no code is right', async () => {
    const world = await mailWorld();
    const calls: string[][] = [];
    for (const address of [EMAIL, 'nobody@example.com']) {
      const { flowToken } = await world.email.startMailSignIn(world.asker, address);
      world.stores.calls.length = 0;
      const wrong = { ...world.given, flowToken, code: '1234 567x' };
      await assert.rejects(world.email.completeMailSignIn(wrong), reason('CREDENTIAL_REJECTED'));
      calls.push([...world.stores.calls]);
    }
    assert.deepEqual(calls[0], calls[1]);
  });

  it('MAIL-11 a reset sets the password, ends every session, tells the owner, and is one step', async () => {
    const world = await mailWorld();
    const { sessionId } = await world.session();
    const begun = await world.begin('reset');
    const step = await world.email.completePasswordReset(begun, NEWER);
    assert.deepEqual(step?.proof?.amr, ['otp']);
    assert.deepEqual(await world.verify('default', sessionId), { active: false, reason: 'REVOKED' });
    await assert.rejects(world.authenticate({ ...world.attempt, password: PASSWORD }), reason('CREDENTIAL_REJECTED'));
    assert.equal((await world.authenticate({ ...world.attempt, password: NEWER })).id, world.ada.id);
    assert.deepEqual(await world.mailed().then(({ to, template }) => [to, template]), [EMAIL, 'password_changed']);
    await assert.rejects(world.email.completePasswordReset(begun, NEWER), reason('CREDENTIAL_REJECTED'));
  });

  it('MAIL-11 a reset does not skip a second factor, and a link does what its code does', async () => {
    const world = await mailWorld();
    const { sessionId } = await world.session();
    await softwareTotp(world, sessionId);
    await world.begin('reset');
    const { linkToken } = await world.mailed();
    const answer = await world.email.completePasswordReset({ ...world.given, linkToken }, NEWER);
    assert.deepEqual([answer?.proof, answer?.pending?.asked], [undefined, 'factor']);
    const again = world.email.completePasswordReset({ ...world.given, linkToken }, NEWER);
    await assert.rejects(again, reason('CREDENTIAL_REJECTED'));
  });

  it('MAIL-10 a sign-in by mail does not skip a second factor', async () => {
    const world = await mailWorld();
    const { sessionId } = await world.session();
    await softwareTotp(world, sessionId);
    assert.equal((await world.email.completeMailSignIn(await world.begin('sign_in'))).pending?.asked, 'factor');
  });

  it('MAIL-7 whatever ended the sessions since ends codes that were sent before', async () => {
    const world = await mailWorld();
    const [reset, signIn] = [await world.begin('reset'), await world.begin('sign_in')];
    await world.setPassword({ ...world.by, identityId: world.ada.id, password: NEWER });
    await assert.rejects(world.email.completePasswordReset(reset, NEWER), reason('CREDENTIAL_REJECTED'));
    await assert.rejects(world.email.completeMailSignIn(signIn), reason('CREDENTIAL_REJECTED'));
  });

  it('MAIL-12 who signed up with the address of another keeps no way in: a factor, or an address that is verified, ends the reset', async () => {
    const address = (value: string, verified: boolean) => ({ type: 'email' as const, value, verified });
    const squatted = await mailWorld({ identifiers: [address(EMAIL, false)] });
    const begun = await squatted.begin('reset');
    const { sessionId } = await squatted.session();
    await softwareTotp(squatted, sessionId);
    await assert.rejects(squatted.email.completePasswordReset(begun, NEWER), reason('CREDENTIAL_REJECTED'));
    await squatted.email.startPasswordReset(squatted.asker, EMAIL);
    assert.equal((await squatted.outbox()).length, 1, 'no second mail');
    const typo = await mailWorld({ identifiers: [address('b@example.com', true), address(EMAIL, false)] });
    await typo.email.startPasswordReset(typo.asker, EMAIL);
    assert.deepEqual(await typo.outbox(), []);
    const plain = await mailWorld({ identifiers: [address(EMAIL, false)] });
    await plain.email.completePasswordReset(await plain.begin('reset'), NEWER);
    assert.deepEqual((await plain.readIdentity('default', plain.ada.id))?.identifiers, [address(EMAIL, true)]);
  });

  it('MAIL-13 an address of the identity is verified; a new one takes a fresh session, and one of another is answered alike', async () => {
    const world = await mailWorld({ identifiers: [{ type: 'email', value: EMAIL, verified: false }] });
    const { sessionId } = await world.session();
    const start = (email: string, replaces = '') =>
      world.email.startEmailVerification(world.asker, { sessionId }, email, replaces);
    const { flowToken } = await start(EMAIL);
    await world.email.completeEmailVerification({ ...world.given, flowToken, code: (await world.mailed()).code });
    const identifiers = async () => (await world.readIdentity('default', world.ada.id))?.identifiers;
    assert.deepEqual(await identifiers(), [{ type: 'email', value: EMAIL, verified: true }]);
    await world.addIdentity({ identifiers: [{ type: 'email', value: 'taken@example.com', verified: true }] });
    const waiting = (await world.outbox()).length;
    await start('taken@example.com', EMAIL);
    assert.equal((await world.outbox()).length, waiting, 'no mail for an address of another');
    await assert.rejects(start('new@example.com', 'other@example.com'), reason('INVALID_FIELD', 'replaces'));
    world.time.now += 16 * MINUTE;
    await assert.rejects(start('new@example.com', EMAIL), reason('STEP_UP_REQUIRED'));
    await start(EMAIL);
  });

  it('MAIL-14 a changed address takes the place of the old one, which is told of it', async () => {
    const world = await mailWorld();
    const [{ sessionId }, other] = [await world.session(), await world.session()];
    await world.email.startEmailVerification(world.asker, { sessionId }, 'new@example.com', EMAIL);
    const { to, linkToken } = await world.mailed();
    assert.equal(to, 'new@example.com');
    await world.email.completeEmailVerification({ ...world.given, linkToken });
    const after = await world.readIdentity('default', world.ada.id);
    assert.deepEqual(after?.identifiers, [{ type: 'email', value: 'new@example.com', verified: true }]);
    assert.deepEqual(await world.mailed().then((mail) => [mail.to, mail.template]), [EMAIL, 'identifier_changed']);
    assert.ok((await world.verify('default', sessionId)).active);
    assert.deepEqual(await world.verify('default', other.sessionId), { active: false, reason: 'REVOKED' });
  });

  it('MAIL-14 a change that was begun ends with the sessions', async () => {
    const world = await mailWorld();
    const { sessionId } = await world.session();
    await world.email.startEmailVerification(world.asker, { sessionId }, 'thief@example.com', EMAIL);
    const { linkToken } = await world.mailed();
    await world.setPassword({ ...world.by, identityId: world.ada.id, password: NEWER });
    const change = world.email.completeEmailVerification({ ...world.given, linkToken });
    await assert.rejects(change, reason('CREDENTIAL_REJECTED'));
  });

  it('MAIL-15 who signs up is asked whether the address is theirs; too many mails are no reason to refuse an account', async () => {
    const world = passwordWorld({ askOwner: true });
    await world.signUp({ ...world.attempt, device: NO_DEVICE, language: 'fr' });
    const [mail] = await world.outbox();
    assert.deepEqual([mail?.to, mail?.subject], [EMAIL, 'Est-ce votre adresse e-mail ?']);
    world.tenant.settings = {
      ...world.tenant.settings,
      rateLimits: { ...world.tenant.settings.rateLimits, mail: { burst: 1, perHour: 1 } },
    };
    await assert.rejects(
      world.email
        .startPasswordReset({ tenantId: 'default', actor: 'web', address: '', language: 'en' }, EMAIL)
        .then(() =>
          world.email.startPasswordReset({ tenantId: 'default', actor: 'web', address: '', language: 'en' }, EMAIL),
        ),
      reason('RATE_LIMITED'),
    );
  });

  it('without a place to send mails to, nothing is begun or taken', async () => {
    const world = passwordWorld({ mail: false });
    const asker = { tenantId: 'default', actor: 'web', address: '', language: 'en' as const };
    await assert.rejects(world.email.startPasswordReset(asker, EMAIL), reason('FEATURE_NOT_CONFIGURED'));
    const given = { tenantId: 'default', actor: 'web', place: NO_DEVICE, flowToken: 'x', code: '1' };
    await assert.rejects(world.email.completeMailSignIn(given), reason('FEATURE_NOT_CONFIGURED'));
  });

  it('PWD-9 a password is changed by who proves the present one; the session in which it is done goes on, all others end', async () => {
    const world = await mailWorld();
    const [own, other] = [await world.session(), await world.session()];
    world.time.now += 60 * MINUTE;
    const change = (current: string, password = NEWER) =>
      world.changePassword({ ...world.by, name: { sessionId: own.sessionId }, current, password, place: NO_DEVICE });
    await assert.rejects(change('wrong password'), reason('CREDENTIAL_REJECTED'));
    await assert.rejects(change(''), reason('CREDENTIAL_REJECTED'));
    await assert.rejects(change('x'.repeat(1_025)), reason('INVALID_FIELD', 'current_password'));
    await assert.rejects(change(PASSWORD, 'weak one'), reason('WEAK_PASSWORD'));
    await change(PASSWORD);
    assert.ok((await world.verify('default', own.sessionId)).active);
    assert.ok(!(await world.verify('default', other.sessionId)).active);
    assert.equal((await world.mailed()).template, 'password_changed');
    await assert.rejects(change(PASSWORD), reason('CREDENTIAL_REJECTED'));
  });

  it('PWD-9 with a second factor the session must have proved it; without a password it must be fresh', async () => {
    const world = await mailWorld();
    const { sessionId } = await world.session();
    await softwareTotp(world, sessionId);
    const plain = await world.create({
      ...world.by,
      identityId: world.ada.id,
      acr: 'aal1',
      amr: ['pwd'],
      device: NO_DEVICE,
    });
    const change = (id: string, current: string) =>
      world.changePassword({ ...world.by, name: { sessionId: id }, current, password: NEWER, place: NO_DEVICE });
    await assert.rejects(change(plain.sessionId, PASSWORD), reason('STEP_UP_REQUIRED'));
    const bob = await world.signIn({ identifiers: [{ type: 'email', value: 'bob@example.com', verified: true }] });
    world.time.now += 16 * MINUTE;
    await assert.rejects(change(bob.sessionId, ''), reason('STEP_UP_REQUIRED'));
    world.time.now -= 16 * MINUTE;
    await change(bob.sessionId, '');
  });

  it('LIM-1 guesses at a code are counted for the account, with those at its password', async () => {
    const world = await mailWorld();
    const { rateLimits } = world.tenant.settings;
    world.tenant.settings = {
      ...world.tenant.settings,
      rateLimits: { ...rateLimits, account: { burst: 3, perHour: 1 } },
    };
    const begun = await world.begin('sign_in');
    for (let n = 0; n < 3; n++) {
      const wrong = world.email.completeMailSignIn({ ...begun, code: wrongOf(begun.code) });
      await assert.rejects(wrong, reason('CREDENTIAL_REJECTED'));
    }
    await assert.rejects(world.email.completeMailSignIn(begun), reason('RATE_LIMITED'));
  });
});
