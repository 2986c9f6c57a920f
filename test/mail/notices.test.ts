// MAIL-6: who changes how a person signs in is told of to that person, by a real server over a real SMTP server.
import assert from 'node:assert/strict';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { PLACES_FILE } from '../support/places.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { freshName } from '../support/shared_server.ts';
import { type SmtpWorld, smtpWorld } from '../support/smtp_world.ts';
import { totpCode } from '../support/totp_code.ts';

const PASSWORD = 'violet-otter-battery';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0';
const CHROME = 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36';
const HOME = { userAgent: FIREFOX, ipAddress: '203.0.113.7', label: '' };
const ELSEWHERE = { userAgent: CHROME, ipAddress: '2001:db8::7', label: '' };

describe('notices of changes', function () {
  this.timeout(60_000);
  let smtp: SmtpWorld;
  let server: ServerProcess;
  let rpc: RpcCaller;
  before(async () => {
    smtp = await smtpWorld();
    const mail = { TRUST_SMTP_URL: smtp.url, TRUST_MAIL_FROM: 'no-reply@trust.example' };
    server = await startServer({ env: { ...mail, TRUST_PLACES_FILE: PLACES_FILE } });
    rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
  });
  after(async () => {
    rpc?.close();
    await server?.remove();
    await smtp?.close();
  });

  /** Somebody with a password, signed in at home; `told` is the mail that an act brings, and the only one. */
  async function person(language: string) {
    const email = `${freshName('told')}@example.com`;
    const identifiers = [
      { type: IdentifierType.EMAIL, value: email, verified: true },
      { type: IdentifierType.EMAIL, value: `other-${email}`, verified: false },
    ];
    const made = await rpc.ok('IdentityService', 'createIdentity', { identifiers, metadata: { language } });
    const identityId = made.identity?.id ?? '';
    const told = async (act: () => Promise<unknown>) => {
      const before = smtp.received.length;
      await act();
      await smtp.arrived(before + 1);
      const { to, mail } = smtp.received[before] ?? assert.fail();
      assert.deepEqual(to, [email], 'the verified address, and no other');
      return { subject: mail.subject ?? '', text: mail.text ?? '' };
    };
    const set = await told(() => rpc.ok('PasswordService', 'setPassword', { identityId, password: PASSWORD }));
    const who = { identifierType: IdentifierType.EMAIL, identifier: email, password: PASSWORD, device: HOME };
    const { sessionId } = await rpc.ok('PasswordService', 'signInWithPassword', who);
    const subject = { subject: { $case: 'sessionId' as const, value: sessionId } };
    return { email, identityId, told, set, sessionId, subject };
  }

  it('MAIL-6 says what was changed, when, and from where, in the language of the person, and nothing that lets anybody in', async () => {
    const { identityId, told, set, sessionId, subject } = await person('fr-CH');
    assert.equal(set.subject, 'Votre mot de passe a été modifié');
    // Nobody's device: an administrator did it. When is told all the same.
    assert.match(set.text, /déconnectés\u202f:\n\n\d{1,2} .+ UTC\n/);

    const setup = await rpc.ok('MfaService', 'startTotpEnrollment', { subject });
    let recoveryCodes: readonly string[] = [];
    let factorId = '';
    const added = await told(async () => {
      const code = totpCode(setup.secret, Date.now());
      const done = { subject, enrollmentToken: setup.enrollmentToken, code, device: ELSEWHERE };
      const { factor, ...shown } = await rpc.ok('MfaService', 'completeTotpEnrollment', done);
      recoveryCodes = shown.recoveryCodes;
      factorId = factor?.id ?? '';
    });
    assert.match(added.subject, /^Une application d’authentification a été ajoutée/);
    assert.match(added.text, /\nChrome sous Windows, adresse 2001:db8::7, .+ UTC\n/);

    const { pending } = await rpc.ok('MfaService', 'startStepUp', { sessionId });
    const answer = { pendingToken: pending?.pendingToken ?? '', recoveryCode: recoveryCodes[0] ?? '' };
    const { signedIn } = await rpc.ok('MfaService', 'proveRecoveryCode', answer);
    const strong = signedIn?.sessionId ?? '';
    let newCodes: readonly string[] = [];
    const renewed = await told(async () => {
      ({ recoveryCodes: newCodes } = await rpc.ok('MfaService', 'regenerateRecoveryCodes', { sessionId: strong }));
    });
    assert.equal(renewed.subject, 'Vos codes de secours ont été remplacés');
    assert.match(
      renewed.text,
      /\nFirefox sous Linux, adresse 203\.0\.113\.7 \(Vienne, Autriche\), /,
      'from where the session is',
    );

    const removed = await told(() => rpc.ok('MfaService', 'removeFactor', { identityId, factorId, device: ELSEWHERE }));
    assert.match(removed.subject, /^Une application d’authentification a été retirée/);
    assert.match(removed.text, /\nChrome sous Windows, /);

    const secrets = [setup.secret, setup.enrollmentToken, PASSWORD, sessionId, strong, ...recoveryCodes, ...newCodes];
    for (const { text, subject: title } of [set, added, renewed, removed]) {
      assert.match(text, /Si c’était vous, vous n’avez rien à faire\. Sinon, /);
      assert.doesNotMatch(text, /https?:|token=/, 'no link');
      for (const secret of secrets) assert.ok(!`${title}${text}`.includes(secret));
    }
  });

  it('MAIL-6 a password that is changed, and a name that is added or removed, each by one mail', async () => {
    const { identityId, told, sessionId } = await person('en');
    const changed = await told(() =>
      rpc.ok('PasswordService', 'changePassword', {
        sessionId,
        currentPassword: PASSWORD,
        password: `${PASSWORD}-2`,
        device: ELSEWHERE,
      }),
    );
    assert.equal(changed.subject, 'Your password was changed');
    assert.match(changed.text, /\nChrome on Windows, address 2001:db8::7, .+ UTC\n/);
    const name = { type: IdentifierType.USERNAME, value: freshName('ada') };
    const identifier = { ...name, verified: false };
    const added = await told(() => rpc.ok('IdentityService', 'addIdentifier', { identityId, identifier }));
    const removed = await told(() => rpc.ok('IdentityService', 'removeIdentifier', { identityId, ...name }));
    for (const { subject, text } of [added, removed]) {
      assert.equal(subject, 'What you sign in with was changed');
      assert.ok(!text.includes(name.value));
    }
  });

  it('MAIL-6 what is refused is told to nobody', async () => {
    const { identityId, subject, told, sessionId } = await person('en');
    const before = smtp.received.length;
    const { enrollmentToken } = await rpc.ok('MfaService', 'startTotpEnrollment', { subject });
    await rpc.refused('MfaService', 'completeTotpEnrollment', { subject, enrollmentToken, code: '000000' });
    await rpc.refused('MfaService', 'removeFactor', { identityId, factorId: `fac_${'0'.repeat(32)}` });
    await rpc.refused('OauthService', 'unlinkAccount', { identityId, accountId: `lac_${'0'.repeat(32)}` });
    await rpc.refused('PasswordService', 'changePassword', { sessionId, currentPassword: 'x', password: PASSWORD });
    // The next mail is that of the next act.
    const { subject: title } = await told(() =>
      rpc.ok('PasswordService', 'setPassword', { identityId, password: `${PASSWORD}-3` }),
    );
    assert.equal(title, 'Your password was changed');
    assert.equal(smtp.received.length, before + 1);
  });
});
