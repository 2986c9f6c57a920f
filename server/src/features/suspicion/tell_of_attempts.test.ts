import assert from 'node:assert/strict';
import { mfaWorld } from '../../../../test/support/mfa_world.ts';
import { passwordWorld } from '../../../../test/support/password_world.ts';
import { reason } from '../../../../test/support/world.ts';
import { DAY, MINUTE } from '../../kernel/clock.ts';

const EMAIL = 'ada@example.com';

/** Ada, by an address and a user name, whose sign-in is held up after three attempts. */
async function throttledWorld() {
  const world = passwordWorld();
  const identifiers = [
    { type: 'username' as const, value: 'ada', verified: false },
    { type: 'email' as const, value: 'unread@example.com', verified: false },
    { type: 'email' as const, value: EMAIL, verified: true },
  ];
  const ada = await world.addIdentity({ identifiers, metadata: { language: 'de' } });
  const { rateLimits } = world.tenant.settings;
  world.tenant.settings = {
    ...world.tenant.settings,
    rateLimits: { ...rateLimits, account: { burst: 3, perHour: 60 } },
  };
  const wrong = (identifier = EMAIL, identifierType: 'email' | 'username' = 'email') =>
    world.authenticate({ ...world.attempt, identifierType, identifier, password: 'wrong', address: '203.0.113.7' });
  const throttle = async (...name: Parameters<typeof wrong>) => {
    for (let n = 0; n < 3; n++) await wrong(...name).catch(() => {});
    await assert.rejects(wrong(...name), reason('RATE_LIMITED'));
  };
  return { ...world, ada, wrong, throttle };
}

describe('suspicious attempts', () => {
  it('MAIL-17 an account whose sign-in is held up is told of it, at one verified address, once in a day', async () => {
    const world = await throttledWorld();
    await world.throttle();
    for (let n = 0; n < 5; n++) await assert.rejects(world.wrong(), reason('RATE_LIMITED'));
    const [mail, ...more] = await world.outbox();
    assert.deepEqual([mail?.to, mail?.template, more], [EMAIL, 'sign_in_attempts', []]);
    assert.equal(mail?.subject, 'Viele Versuche, sich bei Ihrem Konto anzumelden');
    assert.match(mail?.text ?? '', /\nAdresse 203\.0\.113\.7, .+ UTC\n/);
    assert.doesNotMatch(mail?.text ?? '', /https?:|wrong/);
    world.time.now += DAY - MINUTE;
    await world.throttle();
    assert.equal((await world.outbox()).length, 1);
    world.time.now += 2 * MINUTE;
    await world.throttle();
    assert.equal((await world.outbox()).length, 2);
    const told = world.stores.events.filter(({ action }) => action === 'sign_in.suspicious');
    assert.deepEqual(
      told.map(({ identityId, facts }) => [identityId, facts]),
      [1, 2].map(() => [world.ada.id, { what: 'throttled' }]),
    );
  });

  it('MAIL-17 by another name of the account its owner is told no second time', async () => {
    const world = await throttledWorld();
    await world.throttle();
    world.time.now += 10 * MINUTE;
    await world.throttle('ada', 'username');
    assert.equal((await world.outbox()).length, 1);
  });

  it('MAIL-17 nobody is told where another limit refuses, nor who is disabled', async () => {
    const world = await throttledWorld();
    const { rateLimits } = world.tenant.settings;
    world.tenant.settings = {
      ...world.tenant.settings,
      rateLimits: { ...rateLimits, address: { burst: 1, perHour: 1 } },
    };
    await world.wrong().catch(() => {});
    await assert.rejects(world.wrong(), reason('RATE_LIMITED'));
    assert.deepEqual(await world.outbox(), []);
    world.tenant.settings = { ...world.tenant.settings, rateLimits };
    const after = { ...world.ada, active: false, version: world.ada.version + 1 };
    await world.stores.identities.replace(world.ada, after, { changes: [], events: [] });
    await world.throttle();
    assert.deepEqual(await world.outbox(), []);
  });

  it('MAIL-17 a first proof that is right with a second factor that is wrong three times is told, once in a day', async () => {
    const world = await mfaWorld();
    await world.confirmed(EMAIL);
    await world.enrollTotp();
    const told = async () =>
      (await world.outbox()).flatMap(({ template, subject }) => (template === 'sign_in_attempts' ? [subject] : []));
    const prove = async (times: number, token: string) => {
      for (let n = 0; n < times; n++) {
        const wrong = world.mfa.proveTotp({ ...world.by, token, code: '000000', address: '203.0.113.7' });
        await assert.rejects(wrong, reason('CREDENTIAL_REJECTED'));
      }
    };
    await prove(2, await world.pendingToken());
    assert.deepEqual(await told(), [], 'everybody mistypes');
    const token = await world.pendingToken();
    await prove(1, token);
    assert.deepEqual(await told(), ['Somebody failed at your second step']);
    assert.match((await world.outbox())[0]?.text ?? '', /\naddress 203\.0\.113\.7, /);
    await prove(4, token);
    assert.equal((await told()).length, 1);
    world.minutes(11);
    const recovery = { ...world.by, token: await world.pendingToken(), code: 'aaaa-aaaa-aaaa-aaaa' };
    await assert.rejects(world.mfa.proveRecoveryCode(recovery), reason('CREDENTIAL_REJECTED'));
    assert.equal((await told()).length, 1);
  });

  it('MAIL-17 a passkey that does not fit counts as a second factor that is wrong', async () => {
    const world = await mfaWorld();
    await world.confirmed(EMAIL);
    await world.enrollPasskey();
    const token = await world.pendingToken();
    for (let n = 0; n < 3; n++) {
      const wrong = world.mfa.provePasskey({ ...world.by, token, credentialJson: '{}' });
      await assert.rejects(wrong, reason('CREDENTIAL_REJECTED'));
    }
    assert.equal((await world.outbox())[0]?.template, 'sign_in_attempts');
  });
});
