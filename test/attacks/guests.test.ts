// ACC-10: a guest becomes an account of the same id; whoever knew the guest's session has nothing of the account, and a taken name is not told.
import assert from 'node:assert/strict';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { Consistency } from '../../server/src/contract/gen/trust/v1/session.ts';
import { type ComposedServer, composedServer } from '../support/composed_server.ts';
import { freshName } from '../support/shared_server.ts';

const PASSWORD = 'violet-otter-battery';

describe('attack: guests', function () {
  this.timeout(60_000);
  let server: ComposedServer;
  before(async () => {
    server = await composedServer();
  });
  after(() => server?.close());

  const guest = () =>
    server.rpc.ok('IdentityService', 'createGuest', { displayName: 'Guest', metadata: { cart: '7' } });
  const signUp = (guestSessionId: string, identifier = freshName('guest')) =>
    server.rpc.call('PasswordService', 'signUpWithPassword', {
      identifierType: IdentifierType.USERNAME,
      identifier,
      password: PASSWORD,
      guestSessionId,
    });
  const active = async (sessionId: string) => {
    const { verdict } = await server.rpc.ok('SessionService', 'verify', { sessionId, consistency: Consistency.STRONG });
    return verdict?.answer?.$case === 'active' ? verdict.answer.value : undefined;
  };

  it('ACC-10 keeps id and facts, and ends the session that somebody else may know', async () => {
    const { sessionId, identity } = await guest();
    const identityId = identity?.id ?? '';
    const second = await server.rpc.ok('SessionService', 'createSession', { identityId, acr: 'aal1', amr: ['guest'] });
    const identifier = freshName('guest');
    const { value } = await signUp(sessionId, identifier);
    assert.equal(value?.identity?.id, identityId);
    assert.deepEqual(value?.identity?.metadata, { cart: '7' });
    assert.deepEqual([await active(sessionId), await active(second.sessionId)], [undefined, undefined]);
    assert.deepEqual((await active(value?.sessionId ?? ''))?.session?.amr, ['pwd']);
    const again = { identifierType: IdentifierType.USERNAME, identifier, password: PASSWORD };
    const back = await server.rpc.ok('PasswordService', 'signInWithPassword', again);
    assert.equal(back.identity?.id, identityId);
  });

  it('ACC-10 a taken name is answered as to anybody, and leaves the guest as it was', async () => {
    const { sessionId } = await guest();
    const identifier = freshName('taken');
    await signUp((await guest()).sessionId, identifier);
    const plain = await signUp('', identifier);
    const asGuest = await signUp(sessionId, identifier);
    assert.equal(asGuest.failure?.reason, 'CREDENTIAL_REJECTED');
    assert.equal(asGuest.failure?.message, plain.failure?.message);
    assert.ok(await active(sessionId));
    assert.ok((await signUp(sessionId)).value !== undefined);
  });

  it('ACC-10 takes over nobody: no account, no session in which others act, no guest twice', async () => {
    const own = (await signUp('')).value?.sessionId ?? '';
    assert.equal((await signUp(own)).failure?.reason, 'SESSION_REJECTED');
    assert.equal((await signUp('x')).failure?.reason, 'SESSION_REJECTED');
    const { sessionId, identity } = await guest();
    const why = { operator: 'grace', reason: 'ticket 4711', lifetimeSeconds: 60, identityId: identity?.id ?? '' };
    const support = await server.rpc.ok('SessionService', 'startImpersonation', why);
    assert.equal((await signUp(support.sessionId)).failure?.reason, 'SESSION_REJECTED');
    const answers = await Promise.all(Array.from({ length: 8 }, () => signUp(sessionId)));
    assert.equal(answers.filter(({ value }) => value !== undefined).length, 1);
  });

  it('ACC-10 a closed sign-up makes no guests', async () => {
    const { tenant } = await server.rpc.ok('TenantService', 'getTenant', {});
    const settings = tenant?.settings ?? assert.fail();
    await server.rpc.ok('TenantService', 'updateTenant', { settings: { ...settings, signUpOpen: false } });
    assert.equal((await server.rpc.refused('IdentityService', 'createGuest', {})).reason, 'SIGN_UP_CLOSED');
    await server.rpc.ok('TenantService', 'updateTenant', { settings });
  });
});
