import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { render } from '../features/mail/templates.ts';
import { MAX_SUBJECT, MAX_TEMPLATE, openOwnMails } from './own_mails.ts';

const LOOKS = { name: 'Acme <b>', accentColor: '', supportUrl: 'https://acme.example/help' };
const VALUES = { code: '1234 5678', link: 'https://a.example/mail?token=tl_x&y=<z>', minutes: 15 };
const TEXT =
  'Subject: {{code}} for {{site}}\n\nYour code: {{code}}\n\n{{#link}}Or {{link}}{{/link}}{{^link}}No link{{/link}}\n';

describe('mails in the words of the operator', () => {
  const folders: string[] = [];
  const folderOf = (files: Readonly<Record<string, string>>) => {
    const folder = mkdtempSync(join(tmpdir(), 'trust_mails_'));
    folders.push(folder);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return folder;
  };
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });
  const open = (files: Readonly<Record<string, string>>) => openOwnMails(folderOf(files));

  it('are those of the tenant, else those of all, else none', () => {
    const own = open({
      'acme/en/sign_in_code.txt': TEXT.replace('Your', 'The'),
      '_all/en/sign_in_code.txt': TEXT,
      '_all/de/sign_in_code.txt': TEXT,
      'README.md': 'Words of our mails.',
      '.git/HEAD': '',
    });
    const view = { ...VALUES, minutes: '15', site: 'x', support_url: '' };
    assert.match(own('acme', 'sign_in_code', 'en')?.(view).text ?? '', /^The code/);
    assert.match(own('other', 'sign_in_code', 'en')?.(view).text ?? '', /^Your code/);
    assert.match(own('acme', 'sign_in_code', 'de')?.(view).text ?? '', /^Your code/);
    assert.equal(own('acme', 'sign_in_code', 'fr'), undefined);
    assert.equal(own('acme', 'invitation', 'en'), undefined);
    assert.equal(own('..', 'sign_in_code', 'en'), own('other', 'sign_in_code', 'en'), 'a tenant names no other folder');
  });

  it('text is text; without HTML of its own a mail has our looks, with nothing unescaped', () => {
    const own = open({ '_all/en/sign_in_code.txt': TEXT })('acme', 'sign_in_code', 'en');
    const mail = render('sign_in_code', VALUES, 'en', LOOKS, own);
    assert.equal(mail.subject, '1234 5678 for Acme <b>');
    assert.equal(mail.text, 'Your code: 1234 5678\n\nOr https://a.example/mail?token=tl_x&y=<z>\n');
    assert.match(mail.html, /<p style="[^"]*">Your code: 1234 5678<\/p>/);
    assert.ok(!mail.html.includes('<z>') && !mail.html.includes('<b>'));
    const linkless = render('sign_in_code', { ...VALUES, link: undefined }, 'en', LOOKS, own);
    assert.match(linkless.text, /No link\n$/);
  });

  it('HTML of its own is taken as it is, and what is put into it is escaped', () => {
    const html = '<h1>{{site}}</h1><a href="{{link}}">{{code}}</a>';
    const own = open({ '_all/en/sign_in_code.txt': TEXT, '_all/en/sign_in_code.html': html });
    const mail = render('sign_in_code', VALUES, 'en', LOOKS, own('acme', 'sign_in_code', 'en'));
    assert.match(
      mail.html,
      /^<h1>Acme &lt;b&gt;<\/h1><a href="https:&#x2F;&#x2F;a.example&#x2F;mail\?token&#x3D;tl_x&amp;y&#x3D;&lt;z&gt;">1234 5678<\/a>$/,
    );
  });

  it('a subject is one line, whatever is put into it', () => {
    const own = open({ '_all/en/invitation.txt': 'Subject: {{organisation}} asks\n\n{{link}}\n' });
    const values = {
      organisation: 'A\r\nBcc: x@example.com',
      inviter: '',
      link: 'https://a',
      count: 2,
      unit: 'days',
    } as const;
    const mail = render('invitation', values, 'en', LOOKS, own('acme', 'invitation', 'en'));
    assert.equal(mail.subject, 'A Bcc: x@example.com asks');
  });

  const code = (text: string) => ({ '_all/en/sign_in_code.txt': text });
  const faults: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    ['a tenant that is none', { 'Acme!/en/sign_in_code.txt': TEXT }, /Acme! must be the id of a tenant, or _all/],
    ['a language that is none', { '_all/es/sign_in_code.txt': TEXT }, /_all\/es must be one of en, de, fr/],
    [
      'a mail that is none',
      { '_all/en/signin.txt': TEXT },
      /_all\/en\/signin\.txt must be a mail and \.txt or \.html: password_changed, /,
    ],
    ['a file where a folder is', { 'sign_in_code.txt': TEXT }, /sign_in_code\.txt must be a folder/],
    ['HTML alone', { '_all/en/sign_in_code.html': '{{code}}' }, /sign_in_code\.html needs sign_in_code\.txt beside it/],
    ['no subject', code('{{code}}\n'), /must begin with a line "Subject: …"/],
    ['a subject too long', code(`Subject: ${'x'.repeat(MAX_SUBJECT + 1)}\n\n{{code}}`), /at most 200 characters/],
    ['no code', code('Subject: a\n\n{{link}}\n'), /must hold {{code}}: without it the mail is of no use/],
    ['no code but in a condition', code('Subject: a\n\n{{#code}}x{{/code}}\n'), /must hold {{code}}/],
    [
      'a value of another mail',
      code('Subject: a\n\n{{code}} {{provider}}\n'),
      /holds {{provider}}, which is no value of this mail; there are site, support_url, code, link, minutes/,
    ],
    ['what is not escaped', code('Subject: a\n\n{{{code}}} {{code}}\n'), /holds {{&code}}, which is not for mails/],
    ['a partial', code('Subject: a\n\n{{code}} {{>other}}\n'), /holds {{>other}}, which is not for mails/],
    [
      'a condition that is not closed',
      code('Subject: a\n\n{{code}} {{#link}}\n'),
      /is no Mustache template \(Unclosed section/,
    ],
    ['a file too large', code(`Subject: a\n\n{{code}}${'x'.repeat(MAX_TEMPLATE)}`), /must be at most 65536 bytes/],
  ];
  for (const [what, files, words] of faults)
    it(`the start is refused, with path and reason, for ${what}`, () => {
      assert.throws(
        () => open(files),
        (error: Error) => error.message.startsWith('TRUST_MAIL_TEMPLATES: /') && words.test(error.message),
      );
    });

  it('what is at the edge is taken; a folder that is not there is said', () => {
    const head = `Subject: ${'x'.repeat(MAX_SUBJECT)}\n\n{{code}}`;
    assert.ok(open(code(head + 'x'.repeat(MAX_TEMPLATE - head.length))));
    assert.throws(() => openOwnMails(join(folderOf({}), 'missing')), /missing cannot be read \(ENOENT\)/);
  });
});
