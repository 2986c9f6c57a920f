import assert from 'node:assert/strict';
import { type ComposedServer, composedServer } from '../support/composed_server.ts';
import { ADA, type Answer, type HttpWorld, httpWorld } from '../support/http_world.ts';
import { WIDE_LIMITS } from '../support/world.ts';

const WRONG = 'another-password-42';

/** An answer without what differs from call to call for everybody: date, token, cookie. */
function shape({ status, headers, body }: Answer) {
  const { date, 'set-cookie': cookies, ...rest } = headers;
  const attributes = cookies?.map((cookie) => cookie.replace(/=[^;]{43};/, '=…;'));
  return {
    status,
    headers: { ...rest, cookies: attributes },
    body: body.replace(/(name="form_token" value="|challenge&quot;:&quot;)[^"&]+/g, '$1'),
  };
}

describe('attack: enumeration', () => {
  let world: HttpWorld;
  before(async () => {
    world = await httpWorld();
    for (const name of ['known', 'disab', 'locke', 'nopwd']) {
      const { id } = await world.addIdentity({
        identifiers: [{ type: 'email', value: `${name}@example.com`, verified: true }],
      });
      if (name !== 'nopwd')
        await world.setPassword({ tenantId: 'default', actor: 'web', identityId: id, password: ADA.password });
      const before = await world.readIdentity('default', id);
      if ((name === 'disab' || name === 'locke') && before) {
        const lockedUntil = name === 'locke' ? world.time.now + 3_600_000 : undefined;
        const after = { ...before, active: false, stateReason: 'a reason', lockedUntil };
        await world.stores.identities.replace(before, after, { changes: [], events: [] });
      }
    }
  });
  after(() => world.close());

  const signIn = (name: string, password: string) =>
    world.submit('/sign-in', { identifier: `${name}@example.com`, password });

  it('PWD-3 wrong, unknown, disabled, locked and without password: the same status, headers, words and size, but for what was typed', async () => {
    const cases = [await signIn('known', WRONG), await signIn('nobod', WRONG), await signIn('nopwd', WRONG)];
    for (const name of ['disab', 'locke']) cases.push(await signIn(name, WRONG), await signIn(name, ADA.password));
    const shapes = cases.map((answer) =>
      shape({ ...answer, body: answer.body.replaceAll(/(known|nobod|nopwd|disab|locke)@/g, 'xxxxx@') }),
    );
    for (const one of shapes) assert.deepEqual(one, shapes[0]);
    assert.equal(shapes[0]?.status, 422);
    assert.equal(new Set(cases.map(({ body }) => body.length)).size, 1);
    assert.equal((await signIn('known', ADA.password)).status, 303, 'and the right one passes');
  });

  it('PWD-6 a sign-up with a taken identifier gets the status, headers and words of a wrong password, whoever has it', async () => {
    const taken = (name: string, password: string) =>
      world.submit('/sign-up', { identifier: `${name}@example.com`, password });
    const cases = [
      await taken('known', WRONG),
      await taken('disab', WRONG),
      await taken('locke', WRONG),
      await taken('nopwd', WRONG),
      await taken('known', ADA.password),
    ];
    const shapes = cases.map((answer) =>
      shape({ ...answer, body: answer.body.replaceAll(/(known|nopwd|disab|locke)@/g, 'xxxxx@') }),
    );
    for (const one of shapes) assert.deepEqual(one, shapes[0]);
    const wrong = await signIn('known', WRONG);
    const words = (answer: Answer) => /id="form-fault"[^>]*>([^<]+)</.exec(answer.body)?.[1];
    const [one] = cases;
    assert.ok(one);
    assert.deepEqual([one.status, words(one)], [wrong.status, words(wrong)]);
    assert.deepEqual(Object.keys(one.headers), Object.keys(wrong.headers));
  });

  it('PWD-5 a weak password is called weak whether or not the identifier is taken', async () => {
    const answers = [];
    for (const name of ['known', 'nobod']) {
      answers.push(await world.submit('/sign-up', { identifier: `${name}@example.com`, password: 'password1' }));
    }
    const [one, two] = answers.map((answer) =>
      shape({ ...answer, body: answer.body.replaceAll(/(known|nobod)@/g, 'xxxxx@') }),
    );
    assert.deepEqual(one, two);
  });

  for (const path of ['/sign-in/mail', '/recover']) {
    it(`MAIL-9 ${path}: known, unknown, disabled, locked and without password: the same status, headers, words and size, for the mail and for a wrong code`, async () => {
      const shapes = [];
      for (const name of ['known', 'nobod', 'nopwd', 'disab', 'locke']) {
        const { cookie, fields } = await world.open(path);
        const asked = await world.post(path, { ...fields, email: `${name}@example.com` }, { cookie });
        const [, flowToken = ''] = /name="flow_token" value="([^"]*)"/.exec(asked.body) ?? [];
        assert.match(flowToken, /^tf_/);
        const guess = { ...fields, email: `${name}@example.com`, flow_token: flowToken, code: '1', password: WRONG };
        const wrong = await world.post(path, guess, { cookie });
        assert.deepEqual([asked.status, wrong.status], [200, 422]);
        const plain = (answer: Answer) =>
          shape({
            ...answer,
            body: answer.body.replaceAll(/(known|nobod|nopwd|disab|locke)@/g, 'xxxxx@').replaceAll(/tf_\w{49}/g, 'tf_'),
          });
        shapes.push([plain(asked), plain(wrong), asked.body.length, wrong.body.length]);
      }
      for (const one of shapes) assert.deepEqual(one, shapes[0]);
    });
  }

  it('the pages before the password tell nothing: none asks for the identifier alone, and GET takes none', async () => {
    const { answer } = await world.open();
    assert.match(answer.body, /name="identifier"[\s\S]*name="password"/);
    const query = new URLSearchParams({ identifier: 'known@example.com' });
    assert.doesNotMatch((await world.send('GET', `/sign-in?${query}`)).body, /known@/);
  });
});

describe('attack: enumeration by calls', function () {
  this.timeout(30_000);
  let server: ComposedServer;
  before(async () => {
    server = await composedServer();
    for (const name of ['known', 'disab', 'nopwd']) {
      const identifiers = [{ type: 1 as const, value: `${name}@example.com`, verified: true }];
      const { identity } = await server.rpc.ok('IdentityService', 'createIdentity', { identifiers });
      const identityId = identity?.id ?? '';
      if (name !== 'nopwd')
        await server.rpc.ok('PasswordService', 'setPassword', { identityId, password: ADA.password });
      if (name === 'disab') await server.rpc.ok('IdentityService', 'disableIdentity', { identityId });
    }
  });
  after(() => server.close());

  /** What a refusal tells, down to the bytes of its trailer. */
  const told = async (method: 'signInWithPassword' | 'signUpWithPassword', name: string, password: string) => {
    const request = { identifierType: 1 as const, identifier: `${name}@example.com`, password };
    const { error, ...failure } = await server.rpc.refused('PasswordService', method, request);
    const { date: _, ...trailer } = error.metadata.getMap();
    return { ...failure, details: error.details, trailer };
  };

  it('PWD-3 PWD-6 wrong, unknown, disabled, without password and taken: one refusal, byte by byte', async () => {
    const refusals = [
      await told('signInWithPassword', 'known', WRONG),
      await told('signInWithPassword', 'nobod', WRONG),
      await told('signInWithPassword', 'disab', ADA.password),
      await told('signInWithPassword', 'nopwd', WRONG),
      await told('signUpWithPassword', 'known', WRONG),
      await told('signUpWithPassword', 'disab', ADA.password),
      await told('signUpWithPassword', 'nopwd', WRONG),
    ];
    for (const refusal of refusals) assert.deepEqual(refusal, refusals[0]);
    assert.equal(refusals[0]?.reason, 'CREDENTIAL_REJECTED');
  });

  it('PKY-2 a sign-in by passkey begins without a name, and alike each time', async () => {
    const shapes = [];
    for (let round = 0; round < 3; round++) {
      const { optionsJson } = await server.rpc.ok('PasskeyService', 'startPasskeySignIn', {});
      shapes.push(optionsJson.replace(/"challenge":"[\w-]{75}"/, ''));
    }
    assert.equal(new Set(shapes).size, 1);
    assert.match(shapes[0] ?? '', /^(?!.*allowCredentials":\[\{)/);
  });
});

describe('attack: enumeration by what is told to owners', function () {
  this.timeout(60_000);
  let server: ComposedServer;
  before(async () => {
    const rateLimits = { ...WIDE_LIMITS, account: { burst: 3, perHour: 1 } };
    server = await composedServer({ mail: true, rateLimits });
    for (const [name, identifiers] of Object.entries(NAMES)) {
      if (identifiers.length === 0) continue;
      const { identity } = await server.rpc.ok('IdentityService', 'createIdentity', { identifiers });
      const identityId = identity?.id ?? '';
      if (name !== 'nopwd')
        await server.rpc.ok('PasswordService', 'setPassword', { identityId, password: ADA.password });
      if (name === 'disab') await server.rpc.ok('IdentityService', 'disableIdentity', { identityId });
    }
  });
  after(() => server?.close());

  const email = (name: string, verified = true) => ({ type: 1 as const, value: `${name}@example.com`, verified });
  const NAMES: Readonly<Record<string, ReturnType<typeof email>[]>> = {
    known: [email('known')],
    nobod: [],
    unver: [email('unver', false)],
    sever: [email('sever'), email('sever2'), email('sever3')],
    disab: [email('disab')],
    nopwd: [email('nopwd')],
  };

  it('MAIL-17 an account that is held up: the same answers and the same work, told or not, known or not', async () => {
    const seen = new Map<string, unknown>();
    // The last is another name of an account that was told by its first.
    for (const name of [...Object.keys(NAMES), 'sever2']) {
      const rounds: unknown[] = [];
      for (let round = 0; round < 6; round++) {
        server.control.calls.length = 0;
        const request = { identifierType: 1 as const, identifier: `${name}@example.com`, password: WRONG };
        const { reason, error } = await server.rpc.refused('PasswordService', 'signInWithPassword', request);
        // Who calls is known for a while; how long has nothing to do with whom the call is about.
        const calls = server.control.calls.filter((call) => !call.startsWith('serviceKeys.')).sort();
        rounds.push([reason, error.details, calls]);
      }
      seen.set(name, rounds);
    }
    for (const [name, rounds] of seen) assert.deepEqual(rounds, seen.get('known'), name);
    const work = JSON.stringify(seen.get('known'));
    assert.match(work, /RATE_LIMITED.*outbox\.queue/, 'somebody is told');
    const told = ((await server.node.readOutbox?.('default', 99)) ?? []).filter(
      ({ template }) => template === 'sign_in_attempts',
    );
    assert.deepEqual(told.map(({ to }) => to).sort(), ['known@example.com', 'nopwd@example.com', 'sever@example.com']);
    const queued = await server.store.outbox.list('default', 99);
    assert.equal(queued.length - told.length, 4 + 3 + 2, 'mails to nobody, beside the notices of the passwords');
  });
});
