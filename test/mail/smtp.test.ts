import assert from 'node:assert/strict';
import type { DeliverMail } from '../../server/src/features/mail/send_mails.ts';
import { smtp } from '../../server/src/mail/smtp.ts';
import { Authority, pem } from '../grpc/certificates.ts';
import { cleanUp } from '../grpc/fixture.ts';
import { refusal, type SmtpWorld, smtpWorld } from '../support/smtp_world.ts';

const FROM = 'no-reply@trust.example';
const MAIL: Parameters<DeliverMail>[0] = {
  id: `mai_${'0'.repeat(32)}`,
  template: 'password_changed',
  to: 'ada@example.com',
  fromName: 'Gärtnerei "Grün", <Söhne>\r\nBcc: eve@example.com',
  subject: 'Ihr Passwort\r\nBcc: eve@example.com',
  text: 'Guten Tag.\n.\nZeile mit Umlaut: ä\n',
  html: '<p>Guten Tag ä</p>',
};

describe('SMTP', function () {
  this.timeout(30_000);
  let world: SmtpWorld;
  const started = async (options?: Parameters<typeof smtpWorld>[0]) => {
    world = await smtpWorld(options);
    return world;
  };
  afterEach(async () => {
    await world.close();
    await cleanUp();
  });
  const deliver = (tls: 'required' | 'off' | 'offered', url = world.url, mail = MAIL) =>
    smtp({ url, from: FROM, tls })(mail);

  it('MAIL-2 MAIL-5 hands over text and HTML to one recipient, with a Message-ID that is the same each time', async () => {
    await started();
    assert.equal(await deliver('off'), 'sent');
    assert.equal(await deliver('off'), 'sent');
    const [first, second] = world.received;
    assert.ok(first && second);
    assert.deepEqual([first.from, first.to], [FROM, ['ada@example.com']]);
    assert.equal(first.mail.messageId, `<${MAIL.id}@trust.example>`);
    assert.equal(second.mail.messageId, first.mail.messageId);
    assert.equal(first.mail.from?.address, FROM);
    assert.match(first.mail.from?.name ?? '', /Gärtnerei/);
    assert.match(first.mail.subject ?? '', /^Ihr Passwort/);
    assert.deepEqual([first.mail.bcc, first.mail.cc], [undefined, undefined]);
    assert.equal(first.mail.text?.trimEnd(), MAIL.text.trimEnd());
    assert.match(first.mail.html ?? '', /<p>Guten Tag ä<\/p>/);
    const headers = new Map(first.mail.headers.map(({ key, value }) => [key, value]));
    assert.equal(headers.get('auto-submitted'), 'auto-generated');
  });

  it('MAIL-2 tells a refusal for good from one for now', async () => {
    await started({
      onRcptTo: ({ address }, _session, done) => done(address.startsWith('gone') ? refusal(550) : null),
    });
    assert.equal(await deliver('off', world.url, { ...MAIL, to: 'gone@example.com' }), 'refused');
    world.onMail = () => {
      throw refusal(554);
    };
    assert.equal(await deliver('off'), 'refused');
    world.onMail = () => {
      throw refusal(451);
    };
    await assert.rejects(deliver('off'), { responseCode: 451 });
    assert.deepEqual(world.received, []);
  });

  it('MAIL-2 a server that is not there, or takes no password, is asked again later', async () => {
    await started({ authOptional: false, onAuth: (_auth, _session, done) => done(refusal(535)) });
    await assert.rejects(deliver('off', world.url.replace('//', '//ada:secret@')), { code: 'EAUTH' });
    const { url } = world;
    await world.close();
    await assert.rejects(deliver('off', url));
    await started();
  });

  it('a user name and a password of the URL are given, decoded', async () => {
    await started({ authOptional: false });
    assert.equal(await deliver('off', world.url.replace('//', '//ada%40example.com:p%3Aw@')), 'sent');
    assert.equal(world.received[0]?.user, 'ada@example.com');
  });

  it('MAIL-4 without TLS nothing is sent where it is required, and the certificate must be one that is trusted', async () => {
    await started();
    await assert.rejects(deliver('required'), { code: 'ETLS' });
    await world.close();
    const pair = new Authority().issue('mail', 'IP:127.0.0.1');
    const [cert, key] = [pem(pair.cert), pem(pair.key)];
    await started({ cert, key });
    for (const tls of ['required', 'offered'] as const) await assert.rejects(deliver(tls), /self-signed|certificate/i);
    await world.close();
    await started({ secure: true, cert, key });
    await assert.rejects(deliver('required', world.url.replace('smtp:', 'smtps:')), /self-signed|certificate/i);
    assert.deepEqual(world.received, []);
    await world.close();
    await started();
    assert.equal(await deliver('offered'), 'sent', 'where the operator allows it');
  });
});
