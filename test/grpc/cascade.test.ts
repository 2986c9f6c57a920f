// ACC-1: every cell of the table of the cascade, over the wire and a real database: what each act ends, and what it leaves alone.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { Consistency } from '../../server/src/contract/gen/trust/v1/session.ts';
import { type Act, CASCADE, type Effect, type Effects } from '../../server/src/features/cascade/cascade.ts';
import { rememberedDevices } from '../../server/src/features/mfa/remembered_devices.ts';
import { DEFAULT_SETTINGS } from '../../server/src/features/tenant/tenant.ts';
import { type ComposedServer, composedServer, RETURN_TO } from '../support/composed_server.ts';
import { fakeProvider } from '../support/fake_provider.ts';
import { freshName } from '../support/shared_server.ts';
import { totpCode } from '../support/totp_code.ts';

const PASSWORD = 'violet-otter-battery';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

describe('the cascade', function () {
  this.timeout(60_000);
  const acme = fakeProvider('acme');
  let server: ComposedServer;
  before(async () => {
    server = await composedServer({ oauthProviders: [acme.provider], mail: true });
  });
  after(() => server?.close());

  const devices = () =>
    rememberedDevices({
      mfa: server.store.mfa,
      settings: async () => DEFAULT_SETTINGS,
      clock: Date.now,
      random: randomBytes,
      newId: (prefix) => `${prefix}_${randomBytes(16).toString('hex')}`,
    });

  /** Signs up, with an authenticator app if wanted, and then has two of everything that an act may end: its own, and another. */
  async function person(enrolled: boolean) {
    const { rpc, node } = server;
    const identifier = freshName('cascade');
    const who = { identifierType: IdentifierType.USERNAME, identifier, password: PASSWORD };
    const { sessionId, identity } = await rpc.ok('PasswordService', 'signUpWithPassword', who);
    const identityId = identity?.id ?? '';
    const extra = { type: IdentifierType.USERNAME, value: freshName('alias'), verified: true };
    const mailbox = { type: IdentifierType.EMAIL, value: `${freshName('m')}@example.com`, verified: true };
    for (const added of [extra, mailbox])
      await rpc.ok('IdentityService', 'addIdentifier', { identityId, identifier: added });
    const subject = { subject: { $case: 'sessionId' as const, value: sessionId } };
    const enrol = async (step = 0) => {
      const { secret, enrollmentToken } = await rpc.ok('MfaService', 'startTotpEnrollment', { subject });
      const code = totpCode(secret, Date.now() + step);
      const { factor, recoveryCodes } = await rpc.ok('MfaService', 'completeTotpEnrollment', {
        subject,
        enrollmentToken,
        code,
      });
      return { factorId: factor?.id ?? '', recoveryCodes };
    };
    // One may be taken away; what becomes of the other is looked at.
    for (let n = 0; n < 2; n++) await linkAccount({ subject });
    let factorId = '';
    let strong = sessionId;
    if (enrolled) {
      const first = await enrol();
      factorId = first.factorId;
      const { pending } = await rpc.ok('MfaService', 'startStepUp', { sessionId });
      const answer = { pendingToken: pending?.pendingToken ?? '', recoveryCode: first.recoveryCodes[0] ?? '' };
      strong = (await rpc.ok('MfaService', 'proveRecoveryCode', answer)).signedIn?.sessionId ?? '';
      subject.subject.value = strong;
    }
    const second = await rpc.ok('SessionService', 'createSession', { identityId, acr: 'aal1', amr: ['pwd'] });
    const current = (await server.store.identities.read('default', identityId)) ?? assert.fail();
    const tokenOf = async (of: string) =>
      (await rpc.ok('TrustTokenService', 'issueTrustToken', { sessionId: of, audience: 'dev' })).trustToken;
    const request = { codeChallenge: CHALLENGE, returnTo: RETURN_TO, state: 's', loginHint: '', acrValues: '' };
    const { code } = await node.pages.issueSignInCode({
      tenantId: 'default',
      actor: 'web',
      identity: current,
      request: request as never,
      acr: 'aal1',
      amr: ['pwd'],
    });
    const begin = { tenantId: 'default', actor: 'web', identity: current, method: 'password' as const, hold: true };
    const pendingOf = async () => (await node.pages.mfa.beginSignIn(begin)).pending?.token ?? '';
    const deviceToken = await devices().remember({ tenantId: 'default', actor: 'web' }, current);
    const verdict = await rpc.ok('SessionService', 'verify', { sessionId: strong });
    const handle = verdict.verdict?.answer?.$case === 'active' ? verdict.verdict.answer.value.session?.handle : '';
    return {
      identityId,
      identifier: extra,
      email: mailbox.value,
      subject,
      enrol,
      factorId,
      within: { sessionHandle: handle },
      own: { sessionId: strong, token: await tokenOf(strong), pending: await pendingOf() },
      other: { sessionId: second.sessionId, token: await tokenOf(second.sessionId), pending: await pendingOf() },
      code,
      deviceToken,
    };
  }
  type Person = Awaited<ReturnType<typeof person>>;

  const linkAccount = async ({ subject }: Pick<Person, 'subject'>) => {
    const request = { subject, provider: 'acme', redirectUri: RETURN_TO };
    const { attemptToken } = await server.rpc.ok('OauthService', 'startAccountLink', request);
    const callbackQuery = `${new URLSearchParams(acme.consent({ subject: freshName('elsewhere') }))}`;
    await server.rpc.ok('OauthService', 'completeAccountLink', { attemptToken, callbackQuery });
  };

  /** What stands in the newest mail to an address. */
  const codeTo = async (email: string) => {
    const mails = (await server.node.readOutbox?.('default', 99)) ?? [];
    return /^ {4}(\d{4} \d{4})$/m.exec(mails.find(({ to }) => to === email)?.text ?? '')?.[1] ?? '';
  };

  /** How each act is done, and whether it is done in a session of the person. */
  const ACTS: Readonly<Record<Act, { enrolled?: boolean; within?: boolean; act: (who: Person) => Promise<unknown> }>> =
    {
      sessions_revoked: {
        act: ({ identityId }) => server.rpc.ok('SessionService', 'revokeIdentitySessions', { identityId }),
      },
      password_changed: {
        act: ({ identityId }) =>
          server.rpc.ok('PasswordService', 'setPassword', { identityId, password: `${PASSWORD}-2` }),
      },
      password_reset: {
        act: async ({ email }) => {
          const { flowToken } = await server.rpc.ok('EmailService', 'startPasswordReset', { email });
          const done = { flowToken, code: await codeTo(email), password: `${PASSWORD}-2` };
          await server.rpc.ok('EmailService', 'completePasswordReset', done);
        },
      },
      first_factor_added: { within: true, act: ({ enrol }) => enrol() },
      factor_added: { enrolled: true, within: true, act: ({ enrol }) => enrol(30_000) },
      factor_removed: {
        enrolled: true,
        within: true,
        // As the page does it.
        act: ({ identityId, factorId, within }) =>
          server.node.pages.mfa.factors.remove({ tenantId: 'default', actor: 'web', identityId, factorId, within }),
      },
      recovery_codes_made: {
        enrolled: true,
        within: true,
        act: ({ own: { sessionId } }) => server.rpc.ok('MfaService', 'regenerateRecoveryCodes', { sessionId }),
      },
      devices_forgotten: { act: ({ identityId }) => server.rpc.ok('MfaService', 'forgetDevices', { identityId }) },
      account_linked: { within: true, act: (who) => linkAccount(who) },
      account_unlinked: {
        within: true,
        // As the page does it. It was linked before there was anything to end.
        act: async ({ identityId, within }) => {
          const [account] = await server.store.oauth.list('default', identityId);
          const target = { tenantId: 'default', actor: 'web', identityId, accountId: account?.id ?? '', within };
          await server.node.pages.oauth.linkedAccounts.unlink(target);
        },
      },
      identifier_added: {
        act: ({ identityId }) =>
          server.rpc.ok('IdentityService', 'addIdentifier', {
            identityId,
            identifier: { type: IdentifierType.EMAIL, value: `${freshName('m')}@example.com`, verified: true },
          }),
      },
      identifier_removed: {
        act: ({ identityId, identifier: { type, value } }) =>
          server.rpc.ok('IdentityService', 'removeIdentifier', { identityId, type, value }),
      },
      email_changed: {
        within: true,
        act: async ({ email: replaces, own: { sessionId } }) => {
          const asked = { sessionId, email: `${freshName('n')}@example.com`, replaces };
          const { flowToken } = await server.rpc.ok('EmailService', 'startEmailVerification', asked);
          const done = { flowToken, code: await codeTo(asked.email) };
          await server.rpc.ok('EmailService', 'completeEmailVerification', done);
        },
      },
      roles_changed: {
        act: ({ identityId }) =>
          server.rpc.ok('IdentityService', 'updateIdentity', { identityId, roles: { values: ['admin'] } }),
      },
      identity_disabled: {
        // Enabled again: what ended does not come back.
        act: async ({ identityId }) => {
          await server.rpc.ok('IdentityService', 'disableIdentity', { identityId });
          await server.rpc.ok('IdentityService', 'enableIdentity', { identityId });
        },
      },
      identity_locked: {
        act: async ({ identityId }) => {
          await server.rpc.ok('IdentityService', 'lockIdentity', { identityId, until: new Date(Date.now() + 60_000) });
          await server.rpc.ok('IdentityService', 'enableIdentity', { identityId });
        },
      },
      guest_completed: {
        // The rows of a guest are those of anybody else: what becomes of them is told by the store.
        act: async ({ identityId }) => {
          const ending = { tenantId: 'default', identityId, acts: ['guest_completed'] as const, at: Date.now() };
          await server.store.mfa.forgetDevices({ changes: [], events: [], ending });
        },
      },
      deletion_requested: {
        within: true,
        act: ({ own: { sessionId } }) => server.rpc.ok('IdentityService', 'requestDeletion', { sessionId }),
      },
      identity_deleted: { act: ({ identityId }) => server.rpc.ok('IdentityService', 'deleteIdentity', { identityId }) },
    };

  const active = async (sessionId: string) => {
    const { verdict } = await server.rpc.ok('SessionService', 'verify', { sessionId, consistency: Consistency.STRONG });
    return verdict?.answer?.$case === 'active';
  };
  const accepted = async (trustToken: string) => {
    const { failure } = await server.rpc.call('TrustTokenService', 'exchangeTrustToken', {
      trustToken,
      audience: 'orders',
    });
    return failure === undefined;
  };
  const open = async (token: string) => {
    const value = { $case: 'pendingToken' as const, value: token };
    const { failure } = await server.rpc.call('MfaService', 'startTotpEnrollment', { subject: { subject: value } });
    return failure?.reason !== 'PENDING_SIGN_IN_REJECTED';
  };
  /** What became of a pair: its own, and another. */
  const effectOf = (own: boolean, other: boolean): Effect | 'only its own ended' => {
    if (other) return own ? 'kept' : 'only its own ended';
    return own ? 'others_ended' : 'ended';
  };

  /** How what an act did to each column shows. */
  const OBSERVED: Readonly<Record<keyof Effects, (who: Person) => Promise<string>>> = {
    sessions: async ({ own, other }) => effectOf(await active(own.sessionId), await active(other.sessionId)),
    trustTokens: async ({ own, other }) => effectOf(await accepted(own.token), await accepted(other.token)),
    pendingSignIns: async ({ own, other }) => effectOf(await open(own.pending), await open(other.pending)),
    codes: async ({ code }) => {
      const exchange = { code, codeVerifier: VERIFIER, returnTo: RETURN_TO };
      const { failure } = await server.rpc.call('SignInService', 'exchangeSignInCode', exchange);
      return failure === undefined ? 'kept' : 'ended';
    },
    rememberedDevices: async ({ identityId, deviceToken }) => {
      const now = await server.store.identities.read('default', identityId);
      const known = now !== undefined && (await devices().isRemembered('default', now, deviceToken));
      return known ? 'kept' : 'ended';
    },
    linkedAccounts: async ({ identityId }) =>
      (await server.store.oauth.list('default', identityId)).length > 0 ? 'kept' : 'ended',
  };

  /** Which mail tells the person of it; of all others nothing is told. */
  const TOLD: Partial<Record<Act, string>> = {
    password_changed: 'password_changed',
    password_reset: 'password_changed',
    first_factor_added: 'factor_added',
    factor_added: 'factor_added',
    factor_removed: 'factor_removed',
    recovery_codes_made: 'recovery_codes_made',
    account_linked: 'account_linked',
    account_unlinked: 'account_unlinked',
    identifier_added: 'identifier_changed',
    identifier_removed: 'identifier_changed',
    email_changed: 'identifier_changed',
  };
  const noticesTo = async ({ email }: Person) =>
    ((await server.node.readOutbox?.('default', 10_000)) ?? []).flatMap(({ to, template }) =>
      to === email && template !== 'reset_password' ? [template] : [],
    );

  for (const [act, { enrolled = false, within = false, act: run }] of Object.entries(ACTS)) {
    describe(act, () => {
      let who: Person;
      let toldBefore: number;
      before(async () => {
        who = await person(enrolled);
        for (const column of [
          'sessions',
          'trustTokens',
          'pendingSignIns',
          'rememberedDevices',
          'linkedAccounts',
        ] as const)
          assert.equal(await OBSERVED[column](who), 'kept', `${column} before the act`);
        toldBefore = (await noticesTo(who)).length;
        await run(who);
      });

      it('MAIL-6 is told to the person, once, or is not', async () => {
        const told = await noticesTo(who);
        const notice = TOLD[act as Act];
        assert.deepEqual(told.slice(0, told.length - toldBefore), notice === undefined ? [] : [notice]);
      });

      for (const [column, observe] of Object.entries(OBSERVED)) {
        it(`ACC-1 ${column}`, async () => {
          const effect = CASCADE[act as Act][column as keyof Effects];
          // The session is what the act is done in; the pending sign-ins are both others then.
          const own = within && column === 'sessions';
          assert.equal(await observe(who), effect === 'others_ended' && !own ? 'ended' : effect);
        });
      }
    });
  }

  it('ACC-1 whatever ends anything ends the Trust Tokens', () => {
    for (const [act, { trustTokens, rememberedDevices: _, linkedAccounts: __, ...rest }] of Object.entries(CASCADE)) {
      const ends = Object.values(rest).some((effect) => effect !== 'kept');
      if (ends) assert.equal(trustTokens, 'ended', act);
    }
  });

  it('ACC-1 a sign-in that adds the first factor goes on in the new epoch, and ends in a session', async () => {
    const { other, own } = await person(false);
    const subject = { subject: { $case: 'pendingToken' as const, value: own.pending } };
    const { secret, enrollmentToken } = await server.rpc.ok('MfaService', 'startTotpEnrollment', { subject });
    const code = totpCode(secret, Date.now());
    const done = { subject, enrollmentToken, code };
    const { signedIn } = await server.rpc.ok('MfaService', 'completeTotpEnrollment', done);
    assert.equal(await active(signedIn?.sessionId ?? ''), true);
    assert.deepEqual([await active(own.sessionId), await active(other.sessionId)], [false, false]);
    assert.equal(await open(other.pending), false);
  });

  it('ACC-4 a token of an older epoch than its session is not exchanged', async () => {
    const { identityId, own } = await person(false);
    await server.rpc.ok('IdentityService', 'updateIdentity', { identityId, roles: { values: ['admin'] } });
    const request = { trustToken: own.token, audience: 'orders' };
    const { reason, metadata } = await server.rpc.refused('TrustTokenService', 'exchangeTrustToken', request);
    assert.deepEqual([reason, metadata.code], ['TRUST_TOKEN_REJECTED', 'TOKEN_REVOKED']);
    assert.equal(await active(own.sessionId), true);
  });
});
