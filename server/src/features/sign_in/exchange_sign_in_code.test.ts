import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { passwordWorld } from '../../../../test/support/password_world.ts';
import { NO_DEVICE, reason } from '../../../../test/support/world.ts';
import { newSignInCode } from '../../kernel/secret.ts';

const REJECTED = reason('SIGN_IN_CODE_REJECTED');
const RETURN_TO = 'https://app.example.com/cb';
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

/** A world where a person has just ended the hosted page. */
async function withCode() {
  const world = passwordWorld();
  const identity = await world.register(world.attempt);
  const codeChallenge = createHash('sha256').update(VERIFIER).digest('base64url');
  const request = { returnTo: RETURN_TO, state: 'abcdefghijklmnop', codeChallenge };
  const proof = { acr: 'aal1', amr: ['pwd'] };
  const issue = () => world.issue({ tenantId: 'default', actor: 'hosted-page', identity, request, ...proof });
  const { code, redirectTo } = await issue();
  const input = {
    tenantId: 'default',
    actor: 'web',
    code,
    codeVerifier: VERIFIER,
    returnTo: RETURN_TO,
    device: NO_DEVICE,
  };
  world.stores.calls.length = 0;
  return { ...world, identity, issue, input, redirectTo };
}

describe('sign-in code', () => {
  it('RED-3 makes one session of what was proved on the page, with the device that the backend tells of', async () => {
    const world = await withCode();
    const signedInAt = world.time.now;
    world.time.now += 30_000;
    const device = { ...NO_DEVICE, userAgent: 'Browser/1' };
    const { session, sessionId, identity } = await world.exchange({ ...world.input, device });
    assert.deepEqual(
      [session.identityId, session.acr, session.amr, session.authenticatedAt, session.createdAt, session.device],
      [world.identity.id, 'aal1', ['pwd'], signedInAt, world.time.now, device],
    );
    assert.equal(identity.displayName, 'Ada');
    assert.ok((await world.verify('default', sessionId)).active);
    assert.deepEqual(world.acts().slice(-3), ['sign_in_code.issued', 'session.created', 'sign_in_code.exchanged']);
    assert.equal(world.stores.events.at(-1)?.subject, session.handle);
  });

  it('the redirect holds code and state and nothing else', async () => {
    const world = await withCode();
    assert.equal(world.redirectTo, `${RETURN_TO}?code=${world.input.code}&state=abcdefghijklmnop`);
    assert.match(world.input.code, /^tc_[0-9A-Za-z]{49}$/);
    assert.doesNotMatch(JSON.stringify(world.stores.events), /tc_/);
  });

  it('RED-3 lives 60 s', async () => {
    for (const [age, lives] of [
      [59_999, true],
      [60_000, false],
    ] as const) {
      const world = await withCode();
      world.time.now += age;
      const answer = world.exchange(world.input);
      if (lives) assert.ok(await answer);
      else await assert.rejects(answer, REJECTED);
    }
  });

  it('RED-3 a wrong verifier, another return_to or a late exchange spends the code', async () => {
    for (const change of [
      { codeVerifier: `${VERIFIER}x` },
      { codeVerifier: createHash('sha256').update(VERIFIER).digest('base64url') },
      { returnTo: `${RETURN_TO}/` },
      { returnTo: 'https://APP.example.com/cb' },
    ]) {
      const world = await withCode();
      await assert.rejects(world.exchange({ ...world.input, ...change }), REJECTED);
      assert.equal(world.acts().at(-1), 'sign_in_code.rejected');
      await assert.rejects(world.exchange(world.input), REJECTED, 'spent');
      assert.ok(!world.acts().includes('session.created'));
    }
  });

  it('RED-3 is of its tenant', async () => {
    const world = await withCode();
    await assert.rejects(world.exchange({ ...world.input, tenantId: 'other' }), REJECTED);
  });

  it('SEC-4 a malformed code is refused without the database; an unknown one with a record', async () => {
    const world = await withCode();
    const { code } = world.input;
    for (const twin of [
      '',
      'tc_',
      ` ${code}`,
      `${code} `,
      code.slice(0, -1),
      `${code}0`,
      code.toLowerCase(),
      code.replace('tc_', 'ts_'),
    ]) {
      await assert.rejects(world.exchange({ ...world.input, code: twin }), REJECTED);
    }
    assert.deepEqual(world.stores.calls, []);
    await assert.rejects(world.exchange({ ...world.input, code: newSignInCode(world.random) }), REJECTED);
    assert.equal(world.acts().at(-1), 'sign_in_code.rejected');
    assert.ok(await world.exchange(world.input));
  });

  it('RED-3 a second use, whoever makes it, is refused and ends the session of the first', async () => {
    for (const change of [{}, { codeVerifier: 'x'.repeat(43) }, { returnTo: 'https://evil.example/' }]) {
      const world = await withCode();
      const { sessionId } = await world.exchange(world.input);
      await assert.rejects(world.exchange({ ...world.input, ...change }), REJECTED);
      assert.deepEqual(await world.verify('default', sessionId), { active: false, reason: 'REVOKED' });
      assert.deepEqual(world.acts().slice(-2), ['session.revoked', 'sign_in_code.replayed']);
      await assert.rejects(world.exchange(world.input), REJECTED);
    }
  });

  it('RED-3 a second use while the first makes its session leaves no active session, at whatever step it comes', async () => {
    for (const step of ['identities.read', 'sessions.insert', 'signInCodes.wasReplayed', 'audit.append']) {
      const world = await withCode();
      let replay: Promise<unknown> | undefined;
      world.stores.control.before = async (call) => {
        if (call !== step) return;
        world.stores.control.before = undefined;
        replay = assert.rejects(world.exchange(world.input), REJECTED);
        await replay;
      };
      const first = await world.exchange(world.input).catch((error: unknown) => {
        assert.ok(REJECTED(error), step);
        return undefined;
      });
      assert.ok(replay, `${step} was reached`);
      if (first !== undefined) assert.ok(!(await world.verify('default', first.sessionId)).active, step);
      const created = world.stores.events.filter(({ action }) => action === 'session.created');
      const revoked = world.stores.events.filter(({ action }) => action === 'session.revoked');
      assert.deepEqual([created.length, revoked.length], [1, 1], step);
    }
  });

  it('RED-3 of 16 at once at most one gets a session, and none of it stays active', async () => {
    const world = await withCode();
    const answers = await Promise.allSettled(Array.from({ length: 16 }, () => world.exchange(world.input)));
    const won = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    assert.ok(won.length <= 1);
    for (const { sessionId } of won) assert.ok(!(await world.verify('default', sessionId)).active);
  });

  it('RED-3 if the session of a replayed code cannot be ended, the answer is an error, and the next use ends it', async () => {
    const world = await withCode();
    const { sessionId } = await world.exchange(world.input);
    world.stores.control.before = (call) => {
      if (call === 'sessions.replace') throw new Error('the database is away');
    };
    await assert.rejects(world.exchange(world.input), /away/);
    world.stores.control.before = undefined;
    await assert.rejects(world.exchange(world.input), REJECTED);
    assert.ok(!(await world.verify('default', sessionId)).active);
  });

  it('RED-11 what the browser held ends, whosesoever it was; a code that is refused ends nothing', async () => {
    const world = await withCode();
    const [own, other] = [
      await world.create({ ...world.input, identityId: world.identity.id, acr: 'aal1', amr: ['pwd'] }),
      await world.signIn(),
    ];
    const active = async ({ sessionId }: { sessionId: string }) => (await world.verify('default', sessionId)).active;
    for (const held of [own, other]) {
      const { code } = await world.issue();
      const given = { ...world.input, code, previousSessionId: held.sessionId };
      await assert.rejects(world.exchange({ ...given, codeVerifier: 'x'.repeat(43) }), REJECTED);
      assert.ok(await active(held), 'a refused code');
      await assert.rejects(world.exchange(given), REJECTED, 'spent');
      assert.ok(await active(held), 'a spent code');
      const next = { ...given, code: (await world.issue()).code };
      const { previous, ...made } = await world.exchange(next);
      assert.deepEqual(previous, { handle: held.session.handle, version: 2 });
      assert.ok((await active(made)) && !(await active(held)));
    }
    for (const previousSessionId of ['', 'no session_id', newSignInCode(world.random)]) {
      const { code } = await world.issue();
      const { previous } = await world.exchange({ ...world.input, code, previousSessionId });
      assert.deepEqual(previous, { handle: '', version: 0 });
    }
  });

  it('RED-11 SES-14 makes room before the new session begins, and if it cannot be ended there is no new one', async () => {
    const world = await withCode();
    world.tenant.settings = { ...world.tenant.settings, maxSessions: 1, sessionOverflow: 'refuse' };
    const first = await world.exchange(world.input);
    const again = async () => ({
      ...world.input,
      code: (await world.issue()).code,
      previousSessionId: first.sessionId,
    });
    const failing = await again();
    world.stores.control.before = (call) => {
      if (call === 'sessions.replace') throw new Error('the database is away');
    };
    await assert.rejects(world.exchange(failing), /away/);
    world.stores.control.before = undefined;
    assert.equal(world.acts().filter((act) => act === 'session.created').length, 1);
    const { sessionId } = await world.exchange(await again());
    assert.ok((await world.verify('default', sessionId)).active);
  });

  it('PWD-7 a code from before "end all sessions", a new password or a disabling makes no session', async () => {
    const world = await withCode();
    await world.setPassword({ ...world.attempt, identityId: world.identity.id, password: 'a newer password' });
    await assert.rejects(world.exchange(world.input), REJECTED);
    assert.equal(world.acts().at(-1), 'sign_in_code.rejected');
    assert.ok(!world.acts().includes('session.created'));
  });
});
