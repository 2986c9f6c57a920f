import assert from 'node:assert/strict';
import { fakeProvider, TOKENS } from '../../../../test/support/fake_provider.ts';
import { passwordWorld } from '../../../../test/support/password_world.ts';
import { NO_DEVICE, reason } from '../../../../test/support/world.ts';
import type { CompleteOauthSignInRequest } from '../../contract/gen/trust/v1/oauth.ts';
import { MINUTE } from '../../kernel/clock.ts';
import type { Account } from './oauth.ts';

const REDIRECT = 'https://app.example.com/auth/callback';
const CALL = { tenantId: 'default', caller: { service: 'web' } } as never;

function oauthWorld(options: { readonly keepTokens?: boolean } = {}) {
  const acme = fakeProvider('acme', options);
  const globex = fakeProvider('globex');
  const world = passwordWorld({ oauthProviders: [acme.provider, globex.provider] });
  world.tenant.settings = { ...world.tenant.settings, returnTo: [REDIRECT] };
  const rpc = world.oauthRpc;
  const start = (change: object = {}) =>
    rpc.startOauthSignIn(
      { tenantId: '', provider: 'acme', redirectUri: REDIRECT, claimEmail: false, ipAddress: '', ...change },
      CALL,
    );
  const complete = (attemptToken: string, query: object, change: Partial<CompleteOauthSignInRequest> = {}) =>
    rpc.completeOauthSignIn(
      {
        tenantId: '',
        attemptToken,
        callbackQuery: `${new URLSearchParams({ ...query })}`,
        device: NO_DEVICE,
        deviceToken: '',
        ...change,
      },
      CALL,
    );
  /** The whole way, with an account. */
  const signIn = async (facts: Partial<Account> = {}, change: object = {}) => {
    const { attemptToken } = await start(change);
    return complete(attemptToken, acme.consent(facts));
  };
  const link = async (sessionId: string, facts: Partial<Account> = {}, provider = acme) => {
    const subject = { subject: { $case: 'sessionId' as const, value: sessionId } };
    const { attemptToken } = await rpc.startAccountLink(
      { tenantId: '', subject, provider: provider.provider.name, redirectUri: REDIRECT, ipAddress: '' },
      CALL,
    );
    const callbackQuery = `${new URLSearchParams({ ...provider.consent(facts) })}`;
    return rpc.completeAccountLink({ tenantId: '', attemptToken, callbackQuery, device: NO_DEVICE }, CALL);
  };
  const ada = () => world.signedUp({ ...world.attempt, address: '', device: NO_DEVICE });
  return { ...world, acme, globex, rpc, start, complete, signIn, link, ada };
}

describe('sign-in with an account elsewhere', () => {
  it('OAU-5 OAU-6 makes an identity at first, and signs the same one in from then on, whatever the address has become', async () => {
    const world = oauthWorld();
    const first = await world.signIn();
    assert.equal(first.created, true);
    const id = first.signedIn?.identity?.id ?? '';
    assert.deepEqual((await world.readIdentity('default', id))?.identifiers, [
      { type: 'email', value: 'ada@example.com', verified: true },
    ]);
    assert.deepEqual(first.signedIn?.session?.amr, ['fed']);
    const again = await world.signIn({ email: 'eve@example.com', displayName: 'Eve' });
    assert.equal(again.created, false);
    assert.equal(again.signedIn?.identity?.id, id);
    assert.deepEqual(
      world.acts().filter((act) => act.startsWith('oauth.')),
      ['oauth.signed_up', 'oauth.signed_in'],
    );
    assert.doesNotMatch(JSON.stringify(world.stores.events), /example\.com/);
  });

  it('OAU-5 another subject, and the same subject of another issuer, is another person', async () => {
    const world = oauthWorld();
    const ids = new Set<string | undefined>();
    for (const facts of [
      { email: '' },
      { email: '', subject: 'ada-2' },
      { email: '', issuer: 'https://evil.example' },
    ]) {
      ids.add((await world.signIn(facts)).signedIn?.identity?.id);
    }
    assert.equal(ids.size, 3);
  });

  it('OAU-6 an address that the provider does not vouch for is no identifier, and leads nowhere', async () => {
    const world = oauthWorld();
    const { identity: ada } = await world.ada();
    const { signedIn, created } = await world.signIn({ emailVerified: false });
    assert.equal(created, true);
    assert.notEqual(signedIn?.identity?.id, ada.id);
    assert.deepEqual((await world.readIdentity('default', signedIn?.identity?.id ?? ''))?.identifiers, []);
  });

  it('OAU-6 OAU-7 an address that somebody has here is not got past, by anything but its own rules', async () => {
    for (const verified of [true, false]) {
      const world = oauthWorld();
      const { sessionId, identity } = await world.ada();
      const before = await world.readIdentity('default', identity.id);
      assert.ok(before);
      if (verified) {
        const identifiers = before.identifiers.map((one) => ({ ...one, verified }));
        await world.stores.identities.replace(before, { ...before, identifiers }, { changes: [], events: [] });
      }
      const claimable = (error: unknown) =>
        reason('ACCOUNT_EXISTS')(error) &&
        (error as { metadata: { claimable: string } }).metadata.claimable === String(!verified);
      await assert.rejects(world.signIn(), claimable);
      assert.equal((await world.verify('default', sessionId)).active, true);
      const claim = world.signIn({}, { claimEmail: true });
      if (verified) {
        await assert.rejects(claim, claimable);
        assert.equal((await world.verify('default', sessionId)).active, true);
        continue;
      }
      const { signedIn, created } = await claim;
      assert.equal(created, true);
      assert.notEqual(signedIn?.identity?.id, identity.id);
      assert.equal((await world.verify('default', sessionId)).active, false);
      assert.deepEqual((await world.readIdentity('default', identity.id))?.identifiers, []);
      await assert.rejects(world.signIn({ subject: 'eve' }, { claimEmail: true }), reason('ACCOUNT_EXISTS'));
      await assert.rejects(world.authenticate({ ...world.attempt, address: '' }), reason('CREDENTIAL_REJECTED'));
    }
  });

  it('OAU-5 a closed sign-up and a disabled identity are refused', async () => {
    const world = oauthWorld();
    const { signedIn } = await world.signIn();
    world.tenant.settings = { ...world.tenant.settings, signUpOpen: false };
    await assert.rejects(world.signIn({ subject: 'new', email: 'new@example.com' }), reason('SIGN_UP_CLOSED'));
    assert.equal((await world.signIn()).created, false);
    const before = await world.readIdentity('default', signedIn?.identity?.id ?? '');
    assert.ok(before);
    await world.stores.identities.replace(before, { ...before, active: false }, { changes: [], events: [] });
    await assert.rejects(world.signIn(), reason('CREDENTIAL_REJECTED'));
    assert.equal(world.acts().at(-1), 'oauth.rejected');
  });

  it('OAU-1 what an account proves passes the policy of the tenant', async () => {
    const world = oauthWorld();
    world.tenant.settings = { ...world.tenant.settings, mfaPolicy: 'required' };
    const { signedIn, pending } = await world.signIn();
    assert.equal(signedIn, undefined);
    assert.equal(pending?.enrollmentRequired, true);
  });

  it('OAU-2 an attempt is for one caller, one purpose, one use, and 10 minutes', async () => {
    const world = oauthWorld();
    const { attemptToken } = await world.start();
    const other = await world.start();
    const query = world.acme.consent({}, world.acme.requests[0]);
    const rejected = reason('OAUTH_REJECTED');
    await assert.rejects(world.complete(other.attemptToken, query), rejected);
    await assert.rejects(world.complete('ta_x', query), rejected);
    await assert.rejects(world.complete(attemptToken, { ...query, state: 'to_x' }), rejected);
    await assert.rejects(
      world.rpc.completeAccountLink(
        { tenantId: '', attemptToken, callbackQuery: `${new URLSearchParams(query)}`, device: NO_DEVICE },
        CALL,
      ),
      rejected,
    );
    // None of that spent it.
    assert.equal((await world.complete(attemptToken, query)).created, true);
    await assert.rejects(world.complete(attemptToken, world.acme.consent({}, world.acme.requests[0])), rejected);

    const late = await world.start();
    const lateQuery = world.acme.consent();
    world.time.now += 10 * MINUTE;
    await assert.rejects(world.complete(late.attemptToken, lateQuery), rejected);
  });

  it('OAU-2 it is spent ahead of the provider, and stays so when the provider says no', async () => {
    const world = oauthWorld();
    const { attemptToken } = await world.start();
    const { code, state } = world.acme.consent();
    await assert.rejects(world.complete(attemptToken, { error: 'access_denied', state }), reason('OAUTH_REJECTED'));
    await assert.rejects(world.complete(attemptToken, { code, state }), reason('OAUTH_REJECTED'));
  });

  it('OAU-2 each attempt has its own state, nonce and verifier', async () => {
    const world = oauthWorld();
    for (let n = 0; n < 20; n++) await world.start();
    for (const member of ['state', 'nonce', 'codeVerifier'] as const) {
      const values = new Set(world.acme.requests.map((request) => request[member]));
      assert.equal(values.size, 20);
      for (const value of values) assert.ok(value.length >= 43);
    }
  });

  it('refuses other callbacks than those of the tenant, unknown providers, and queries with a name twice', async () => {
    const world = oauthWorld();
    for (const redirectUri of ['https://evil.example/', `${REDIRECT}?a=b`, `${REDIRECT}/`, 'javascript:alert(1)']) {
      await assert.rejects(world.start({ redirectUri }), reason('INVALID_FIELD', 'redirect_uri'));
    }
    await assert.rejects(world.start({ provider: 'initech' }), reason('INVALID_FIELD', 'provider'));
    const { attemptToken } = await world.start();
    const callbackQuery = `state=a&state=b`;
    await assert.rejects(
      world.complete(attemptToken, {}, { callbackQuery }),
      reason('INVALID_FIELD', 'callback_query'),
    );
  });
});

describe('linked accounts', () => {
  it('OAU-8 a signed-in person links an account, signs in with it, and takes it away again', async () => {
    const world = oauthWorld();
    const { sessionId, identity } = await world.ada();
    const { account } = await world.link(sessionId);
    assert.equal(account?.provider, 'acme');
    assert.equal((await world.signIn()).signedIn?.identity?.id, identity.id);
    const target = { tenantId: '', identityId: identity.id };
    const gone = { ...target, accountId: account?.id ?? '', device: NO_DEVICE };
    const { accounts } = await world.rpc.listLinkedAccounts(target, CALL);
    assert.deepEqual(
      accounts.map(({ id, subject }) => [id, subject]),
      [[account?.id, 'ada-1']],
    );
    await world.rpc.unlinkAccount(gone, CALL);
    await assert.rejects(world.signIn(), reason('ACCOUNT_EXISTS'));
    await assert.rejects(world.rpc.unlinkAccount(gone, CALL), reason('ACCOUNT_NOT_FOUND'));
  });

  it('OAU-8 the last way in stays; accounts of providers that are no longer configured do not count', async () => {
    const world = oauthWorld();
    const { signedIn } = await world.signIn();
    const identityId = signedIn?.identity?.id ?? '';
    const target = { tenantId: '', identityId };
    const [first] = (await world.rpc.listLinkedAccounts(target, CALL)).accounts;
    const unlink = () => world.rpc.unlinkAccount({ ...target, accountId: first?.id ?? '', device: NO_DEVICE }, CALL);
    await assert.rejects(unlink(), reason('LAST_WAY_IN'));
    const old = {
      tenantId: 'default',
      id: 'lac_old',
      identityId,
      provider: 'gone',
      issuer: 'https://gone.example',
      subject: 's',
    };
    const more = { email: '', sealedTokens: undefined, createdAt: 1, lastUsedAt: 1 };
    await world.stores.oauth.link({ ...old, ...more }, 20, { changes: [], events: [] });
    await assert.rejects(unlink(), reason('LAST_WAY_IN'));
    await world.link(signedIn?.sessionId ?? '', {}, world.globex);
    await unlink();
  });

  it('OAU-8 an account is one identity’s, an identity has at most 20', async () => {
    const world = oauthWorld();
    const { sessionId } = await world.ada();
    await world.signIn({ email: 'eve@example.com', subject: 'eve' });
    await assert.rejects(world.link(sessionId, { subject: 'eve' }), reason('ACCOUNT_LINKED'));
    for (let n = 0; n < 20; n++) await world.link(sessionId, { subject: `n${n}` });
    await assert.rejects(world.link(sessionId, { subject: 'n20' }), reason('FACTOR_LIMIT'));
  });

  it('OAU-8 only a fresh session of the identity as it is now links', async () => {
    const world = oauthWorld();
    const { sessionId, identity } = await world.ada();
    const subject = { subject: { $case: 'sessionId' as const, value: sessionId } };
    const begin = () =>
      world.rpc.startAccountLink(
        { tenantId: '', subject, provider: 'acme', redirectUri: REDIRECT, ipAddress: '' },
        CALL,
      );
    const { attemptToken } = await begin();
    const callbackQuery = `${new URLSearchParams(world.acme.consent())}`;
    await world.setPassword({
      tenantId: 'default',
      actor: 'admin',
      identityId: identity.id,
      password: 'another-violet-otter',
    });
    await assert.rejects(
      world.rpc.completeAccountLink({ tenantId: '', attemptToken, callbackQuery, device: NO_DEVICE }, CALL),
      reason('OAUTH_REJECTED'),
    );
    await assert.rejects(begin(), reason('SESSION_REJECTED'));
    const { sessionId: other } = await world.signedInWith({
      ...world.attempt,
      password: 'another-violet-otter',
      address: '',
      device: NO_DEVICE,
    });
    world.time.now += 16 * MINUTE;
    await assert.rejects(world.link(other), reason('STEP_UP_REQUIRED'));
  });

  it('OAU-9 tokens are kept sealed, only where they are asked for, and only those of the latest use', async () => {
    const without = oauthWorld();
    const plain = await without.signIn();
    const [bare] = await without.stores.oauth.list('default', plain.signedIn?.identity?.id ?? '');
    assert.equal(bare?.sealedTokens, undefined);

    const world = oauthWorld({ keepTokens: true });
    const { signedIn } = await world.signIn();
    const identityId = signedIn?.identity?.id ?? '';
    const [account] = await world.stores.oauth.list('default', identityId);
    assert.doesNotMatch(JSON.stringify(account), /provider-(access|refresh)-token/);
    const target = { tenantId: '', identityId, accountId: account?.id ?? '' };
    const { expiresAt, ...tokens } = await world.rpc.getProviderTokens(target, CALL);
    assert.deepEqual({ ...tokens, expiresAt: expiresAt?.getTime() }, TOKENS);
    assert.equal(world.acts().at(-1), 'account.tokens_read');
    const foreign = { ...target, identityId: `idn_${'0'.repeat(32)}` };
    await assert.rejects(world.rpc.getProviderTokens(foreign, CALL), reason('ACCOUNT_NOT_FOUND'));
  });
});
