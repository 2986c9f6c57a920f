// MAIL-18: mails in the words of the operator, of a real server over a real SMTP server.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { freshName } from '../support/shared_server.ts';
import { type SmtpWorld, smtpWorld } from '../support/smtp_world.ts';

describe('mails in the words of the operator', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'trust_mails_'));
  let smtp: SmtpWorld;
  let server: ServerProcess;
  let rpc: RpcCaller;
  before(async () => {
    mkdirSync(join(folder, '_all', 'de'), { recursive: true });
    writeFileSync(
      join(folder, '_all', 'de', 'sign_in_code.txt'),
      'Subject: {{code}} ist Ihr Code\n\nMoin!\n\n{{code}} gilt {{minutes}} Minuten.\n',
    );
    writeFileSync(join(folder, '_all', 'de', 'sign_in_code.html'), '<p class="moin">Moin! <b>{{code}}</b></p>');
    smtp = await smtpWorld();
    const mail = { TRUST_SMTP_URL: smtp.url, TRUST_MAIL_FROM: 'no-reply@trust.example' };
    server = await startServer({ env: { ...mail, TRUST_MAIL_TEMPLATES: folder } });
    rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
  });
  after(async () => {
    rpc?.close();
    await server?.remove();
    await smtp?.close();
    rmSync(folder, { recursive: true });
  });

  async function mailed(language: string) {
    const email = `${freshName('words')}@example.com`;
    await rpc.ok('IdentityService', 'createIdentity', {
      identifiers: [{ type: IdentifierType.EMAIL, value: email, verified: true }],
    });
    const before = smtp.received.length;
    const { flowToken } = await rpc.ok('EmailService', 'startEmailSignIn', { email, language });
    await smtp.arrived(before + 1);
    const { mail } = smtp.received[before] ?? assert.fail();
    return { flowToken, subject: mail.subject ?? '', text: mail.text ?? '', html: String(mail.html) };
  }

  it('MAIL-18 are sent in the language that has them, and their code signs in; other languages have ours', async () => {
    const { flowToken, subject, text, html } = await mailed('de');
    const [, code = ''] = /^(\d{4} \d{4}) ist Ihr Code$/.exec(subject) ?? [];
    assert.match(text, new RegExp(`^Moin!\\n\\n${code} gilt 10 Minuten\\.`));
    assert.match(html, new RegExp(`^<p class="moin">Moin! <b>${code}</b></p>`));
    const { signedIn } = await rpc.ok('EmailService', 'completeEmailSignIn', { flowToken, code });
    assert.ok(signedIn?.sessionId);
    assert.equal((await mailed('en')).subject, 'Your code to sign in');
  });
});
