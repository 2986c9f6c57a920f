// MAIL-7 MAIL-8: what is sent by mail works once, however many ask at once on however many nodes, and is guessed at five times.
import assert from 'node:assert/strict';
import { needsPostgres } from '../support/needs.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { freshName } from '../support/shared_server.ts';
import { type SmtpWorld, smtpWorld } from '../support/smtp_world.ts';
import { type TwoNodes, twoNodes } from '../support/two_nodes.ts';

const PATIENT = { timeout: 60_000 };

describe('attack: codes by mail on two nodes', function () {
  this.timeout(240_000);
  let two: TwoNodes | undefined;
  let rpcs: RpcCaller[];
  let first: RpcCaller;
  let smtp: SmtpWorld;

  before(async function () {
    needsPostgres(this);
    smtp = await smtpWorld();
    // However busy the machine is, each call is answered.
    const patient = { TRUST_DEADLINE_MS: '60000' };
    two = await twoNodes({ ...patient, TRUST_SMTP_URL: smtp.url, TRUST_MAIL_FROM: 'no-reply@trust.example' });
    rpcs = two.nodes.map(({ grpcAddress, serviceKey }) => new RpcCaller(grpcAddress, serviceKey));
    first = rpcs[0] ?? assert.fail();
  });
  after(async () => {
    for (const rpc of rpcs ?? []) rpc.close();
    await two?.remove();
    await smtp?.close();
  });

  async function race(
    count: number,
    ask: (rpc: RpcCaller, n: number) => Promise<{ failure?: { reason: string } | undefined }>,
  ) {
    const answers = await Promise.all(Array.from({ length: count }, (_, n) => ask(rpcs[n % 2] ?? first, n)));
    const reasons = answers.flatMap(({ failure }) => (failure === undefined ? [] : [failure.reason]));
    return { yes: count - reasons.length, reasons: [...new Set(reasons)] };
  }

  /** The code of a mail to an address, the first unless told. */
  const codeTo = async (value: string, place = 0) => {
    const own = () => smtp.received.filter(({ to }) => to[0] === value);
    for (let wait = 0; own().length <= place && wait < 1_500; wait++) await new Promise((done) => setTimeout(done, 20));
    const text = own()[place]?.mail.text ?? assert.fail('no mail came');
    return /^ {4}(\d{4} \d{4})/m.exec(text)?.[1] ?? assert.fail('the mail has no code');
  };
  /** The token in the link of the first mail to an address. */
  const linkTo = async (value: string) => {
    await codeTo(value);
    const text = smtp.received.find(({ to }) => to[0] === value)?.mail.text ?? '';
    return /token=(\w+)/.exec(text)?.[1] ?? assert.fail('the mail has no link');
  };

  /** A person with a verified address; `mailed` gives the code of the next mail to it. */
  async function person() {
    const value = `${freshName('mail')}@example.com`;
    const made = await first.ok('IdentityService', 'createIdentity', {
      identifiers: [{ type: 1, value, verified: true }],
    });
    let seen = 0;
    const mailed = () => codeTo(value, seen++);
    return { value, identityId: made.identity?.id ?? '', mailed };
  }

  it('MAIL-7 of 50 uses of one code to sign in, one makes a session', async () => {
    const { value, mailed, identityId } = await person();
    const { flowToken } = await first.ok('EmailService', 'startEmailSignIn', { email: value });
    const code = await mailed();
    const { yes, reasons } = await race(50, (rpc) =>
      rpc.call('EmailService', 'completeEmailSignIn', { flowToken, code }),
    );
    assert.equal(yes, 1);
    assert.deepEqual(reasons, ['CREDENTIAL_REJECTED']);
    const { sessions } = await first.ok('SessionService', 'listSessions', { identityId });
    assert.equal(sessions.length, 1);
  });

  it('MAIL-7 of 50 uses of one code for a new password, one sets it', async () => {
    const { value, mailed, identityId } = await person();
    const { flowToken } = await first.ok('EmailService', 'startPasswordReset', { email: value });
    const code = await mailed();
    const { yes, reasons } = await race(50, (rpc, n) =>
      rpc.call(
        'EmailService',
        'completePasswordReset',
        { flowToken, code, password: `violet-otter-battery-${n}` },
        PATIENT,
      ),
    );
    assert.equal(yes, 1, reasons.join());
    const { identity } = await first.ok('IdentityService', 'getIdentity', { identityId });
    assert.equal(identity?.epoch, 2n);
  });

  it('MAIL-7 of 50 uses of one code for a new address, one adds it', async () => {
    const { identityId } = await person();
    const { sessionId } = await first.ok('SessionService', 'createSession', { identityId, acr: 'aal1', amr: ['pwd'] });
    const email = `${freshName('new')}@example.com`;
    const { flowToken } = await first.ok('EmailService', 'startEmailVerification', { sessionId, email });
    const code = await codeTo(email);
    const { yes } = await race(50, (rpc) =>
      rpc.call('EmailService', 'completeEmailVerification', { flowToken, code }, PATIENT),
    );
    assert.equal(yes, 1);
    const { identity } = await first.ok('IdentityService', 'getIdentity', { identityId });
    assert.equal(identity?.identifiers.filter(({ value }) => value === email).length, 1);
  });

  it('MAIL-7 of 50 posts of one link for a new password, from browsers of their own, one sets it', async () => {
    const { value, identityId } = await person();
    await first.ok('EmailService', 'startPasswordReset', { email: value });
    const token = await linkTo(value);
    const forms = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const page = `http://${(two ?? assert.fail()).nodes[n % 2 === 0 ? 0 : 1].httpAddress}/mail`;
        const opened = await fetch(`${page}?token=${token}`);
        const cookie = opened.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
        const [, form_token = ''] = /name="form_token" value="([^"]*)"/.exec(await opened.text()) ?? [];
        const body = new URLSearchParams({ token, form_token, password: `violet-otter-battery-${n}` });
        const headers = { cookie: cookie.join('; '), 'sec-fetch-site': 'same-origin' };
        return () => fetch(page, { method: 'POST', headers, body });
      }),
    );
    const answers = await Promise.all(
      forms.map(async (post) => {
        const answer = await post();
        return `${answer.status} ${/<h1>([^<]*)</.exec(await answer.text())?.[1]}`;
      }),
    );
    const words = [...new Set(answers)].toSorted();
    assert.deepEqual(words, ['200 The password was changed', '404 This link does not work any more']);
    assert.equal(answers.filter((answer) => answer.startsWith('200')).length, 1);
    const { identity } = await first.ok('IdentityService', 'getIdentity', { identityId });
    assert.equal(identity?.epoch, 2n);
  });

  it('MAIL-8 of 200 guesses at one code, 5 are looked at, and then not even the right one is taken', async () => {
    const { value, mailed } = await person();
    const { flowToken } = await first.ok('EmailService', 'startEmailSignIn', { email: value });
    const code = await mailed();
    const guess = (n: number) => String(n).padStart(8, '0');
    const { yes } = await race(200, (rpc, n) =>
      rpc.call('EmailService', 'completeEmailSignIn', { flowToken, code: guess(n) }, PATIENT),
    );
    assert.equal(yes, 0);
    const right = await first.refused('EmailService', 'completeEmailSignIn', { flowToken, code });
    assert.equal(right.reason, 'CREDENTIAL_REJECTED');
    const filter = { action: 'mail_proof.rejected', pageSize: 100 };
    const { events } = await first.ok('AuditService', 'listAuditEvents', filter);
    assert.equal(events.length, 5);
  });
});
