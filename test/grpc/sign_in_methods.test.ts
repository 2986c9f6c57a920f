// MFA-11: every call for a way in that a tenant switches off is refused, also where it was begun before.
import assert from 'node:assert/strict';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import type { SignInMethods } from '../../server/src/contract/gen/trust/v1/tenant.ts';
import { softwarePasskey } from '../support/authenticator.ts';
import { type ComposedServer, composedServer, RETURN_TO } from '../support/composed_server.ts';
import { fakeProvider } from '../support/fake_provider.ts';
import { totpCode } from '../support/totp_code.ts';

const EMAIL = 'ada@example.com';
const PASSWORD = 'violet-otter-battery';
const ORIGIN = 'http://localhost:8080';

describe('ways in that a tenant switches off, by calls', function () {
  this.timeout(60_000);
  const acme = fakeProvider('acme');
  let server: ComposedServer;
  let identityId: string;
  beforeEach(async () => {
    server = await composedServer({ mail: true, oauthProviders: [acme.provider], issuer: ORIGIN });
    const identifiers = [{ type: IdentifierType.EMAIL, value: EMAIL, verified: true }];
    const { identity } = await server.rpc.ok('IdentityService', 'createIdentity', { identifiers });
    identityId = identity?.id ?? '';
    await server.rpc.ok('PasswordService', 'setPassword', { identityId, password: PASSWORD });
  });
  afterEach(() => server?.close());

  const set = async (signInMethods: SignInMethods | undefined) => {
    const { tenant } = await server.rpc.ok('TenantService', 'getTenant', {});
    const settings = { ...(tenant?.settings ?? assert.fail()), signInMethods };
    await server.rpc.ok('TenantService', 'updateTenant', { settings });
  };
  const NOTHING = { mail: undefined, passkey: undefined, oauth: undefined };
  const isOff = async (feature: string, asked: Promise<{ reason: string; metadata: object }>) => {
    const { reason, metadata } = await asked;
    assert.deepEqual([reason, metadata], ['FEATURE_NOT_CONFIGURED', { feature }]);
  };
  const codeOf = async () => {
    const [mail] = (await server.node.readOutbox?.('default', 1)) ?? [];
    return /^ {4}(\d{4} \d{4})$/m.exec(mail?.text ?? '')?.[1] ?? '';
  };
  const signIn = () =>
    server.rpc.ok('PasswordService', 'signInWithPassword', {
      identifierType: IdentifierType.EMAIL,
      identifier: EMAIL,
      password: PASSWORD,
    });

  it('MFA-11 each is on unless it is switched off', async () => {
    await set(NOTHING);
    const { tenant } = await server.rpc.ok('TenantService', 'getTenant', {});
    assert.deepEqual(tenant?.settings?.signInMethods, { mail: true, passkey: true, oauth: true });
    await set(undefined);
    await server.rpc.ok('EmailService', 'startEmailSignIn', { email: EMAIL });
  });

  it('MFA-11 mail: whoever has the address, and with the code of a moment ago; a new password signs nobody in', async () => {
    const { flowToken } = await server.rpc.ok('EmailService', 'startEmailSignIn', { email: EMAIL });
    const code = await codeOf();
    await set({ ...NOTHING, mail: false });
    for (const email of [EMAIL, 'nobody@example.com'])
      await isOff('sign_in_by_mail', server.rpc.refused('EmailService', 'startEmailSignIn', { email }));
    for (const given of [code === '0000 0000' ? '1111 1111' : '0000 0000', code]) {
      const answer = server.rpc.refused('EmailService', 'completeEmailSignIn', { flowToken, code: given });
      await isOff('sign_in_by_mail', answer);
    }
    const reset = await server.rpc.ok('EmailService', 'startPasswordReset', { email: EMAIL });
    const done = { flowToken: reset.flowToken, code: await codeOf(), password: `${PASSWORD}-2` };
    const { signedIn, pending } = await server.rpc.ok('EmailService', 'completePasswordReset', done);
    assert.deepEqual([signedIn, pending], [undefined, undefined]);
    assert.equal((await server.rpc.ok('SessionService', 'listSessions', { identityId })).sessions.length, 0);
  });

  it('MFA-11 passkey: as the only factor, with a challenge of a moment ago; as a second factor it stays', async () => {
    const { sessionId } = await signIn();
    const subject = { subject: { $case: 'sessionId' as const, value: sessionId } };
    const passkey = softwarePasskey(ORIGIN);
    const registration = await server.rpc.ok('PasskeyService', 'startPasskeyRegistration', { subject });
    const credentialJson = passkey.create(registration.optionsJson);
    await server.rpc.ok('PasskeyService', 'completePasskeyRegistration', { subject, credentialJson });
    const begun = await server.rpc.ok('PasskeyService', 'startPasskeySignIn', {});
    await set({ ...NOTHING, passkey: false });
    await isOff('sign_in_by_passkey', server.rpc.refused('PasskeyService', 'startPasskeySignIn', {}));
    const answer = { credentialJson: passkey.get(begun.optionsJson) };
    await isOff('sign_in_by_passkey', server.rpc.refused('PasskeyService', 'completePasskeySignIn', answer));
    const pendingToken = (await signIn()).pending?.pendingToken ?? '';
    const second = await server.rpc.ok('PasskeyService', 'startPasskeySignIn', { pendingToken });
    const proved = { pendingToken, credentialJson: passkey.get(second.optionsJson) };
    const { signedIn } = await server.rpc.ok('PasskeyService', 'completePasskeySignIn', proved);
    assert.equal(signedIn?.session?.acr, 'aal2');
  });

  it('MFA-11 oauth: to sign in, to sign up and to link, also on the way back', async () => {
    const { sessionId } = await signIn();
    const subject = { subject: { $case: 'sessionId' as const, value: sessionId } };
    const request = { provider: 'acme', redirectUri: RETURN_TO };
    const start = (link: boolean) =>
      link
        ? server.rpc.ok('OauthService', 'startAccountLink', { ...request, subject })
        : server.rpc.ok('OauthService', 'startOauthSignIn', request);
    const back = async (link: boolean) => {
      const { attemptToken } = await start(link);
      return { attemptToken, callbackQuery: `${new URLSearchParams(acme.consent())}` };
    };
    const [signUp, link] = [await back(false), await back(true)];
    await set({ ...NOTHING, oauth: false });
    const feature = 'sign_in_by_oauth';
    assert.deepEqual((await server.rpc.ok('OauthService', 'listOauthProviders', {})).providers, []);
    await isOff(feature, server.rpc.refused('OauthService', 'startOauthSignIn', request));
    await isOff(feature, server.rpc.refused('OauthService', 'startAccountLink', { ...request, subject }));
    await isOff(feature, server.rpc.refused('OauthService', 'completeOauthSignIn', signUp));
    await isOff(feature, server.rpc.refused('OauthService', 'completeAccountLink', link));
    assert.equal((await server.rpc.ok('IdentityService', 'listIdentities', {})).identities.length, 1);
  });

  it('MFA-11 what is proved as a second factor is no way in of its own, and stays', async () => {
    const { sessionId } = await signIn();
    const subject = { subject: { $case: 'sessionId' as const, value: sessionId } };
    const { secret, enrollmentToken } = await server.rpc.ok('MfaService', 'startTotpEnrollment', { subject });
    const code = totpCode(secret, Date.now());
    await server.rpc.ok('MfaService', 'completeTotpEnrollment', { subject, enrollmentToken, code });
    await set({ mail: false, passkey: false, oauth: false });
    const pendingToken = (await signIn()).pending?.pendingToken ?? '';
    const next = totpCode(secret, Date.now() + 30_000);
    const { signedIn } = await server.rpc.ok('MfaService', 'proveTotp', { pendingToken, code: next });
    assert.equal(signedIn?.session?.acr, 'aal2');
  });
});
