import assert from 'node:assert/strict';
import { passwordWorld } from '../../../../test/support/password_world.ts';
import { HOUR, SECOND } from '../../kernel/clock.ts';
import { LANGUAGES } from '../../kernel/language.ts';
import { type DeliverMail, sendMails } from './send_mails.ts';
import type { ClaimedMail } from './store.ts';
import { render } from './templates.ts';

const TO = 'ada@example.com';
const AT = { browser: '', system: '', address: '', at: 0 };

function mailWorld(deliver: DeliverMail) {
  const world = passwordWorld();
  const failures: number[] = [];
  const postponed: number[] = [];
  const outbox = {
    ...world.stores.outbox,
    postpone: async (_mail: ClaimedMail, delay: number) => void postponed.push(delay),
  };
  const failed = (_error: unknown, attempt: number) => void failures.push(attempt);
  const send = async () => {
    const sender = sendMails({ ...world, outbox, deliver, failed });
    await sender.run();
    await sender.drain();
  };
  const queue = async (change: { lifetime?: number } = {}) => {
    const mail = await world.mails.write({
      tenantId: 'default',
      to: TO,
      template: 'password_changed',
      values: AT,
      language: 'en',
      lifetime: HOUR,
      ...change,
    });
    const identity = await world.addIdentity();
    const after = { ...identity, version: identity.version + 1 };
    await world.stores.identities.replace(identity, after, { changes: [], events: [], mails: [mail] });
    return mail;
  };
  return { ...world, send, queue, failures, postponed };
}

describe('mails', () => {
  it('MAIL-2 a mail that was taken leaves the queue, with an audit event that names no address', async () => {
    const sent: unknown[] = [];
    const world = mailWorld(async (mail) => {
      sent.push([mail.id, mail.to, mail.fromName]);
      return 'sent';
    });
    const { id } = await world.queue();
    await world.send();
    assert.deepEqual(sent, [[id, TO, 'Trust Layer']]);
    assert.deepEqual(await world.outbox(), []);
    const event = world.stores.events.at(-1);
    assert.deepEqual(
      [event?.action, event?.subject, event?.facts],
      ['mail.sent', id, { template: 'password_changed', outcome: 'sent' }],
    );
    await world.send();
    assert.equal(sent.length, 1);
  });

  it('MAIL-2 a failure is tried again, each time later, and at most 5 minutes later', async () => {
    const world = mailWorld(async () => {
      throw new Error('down');
    });
    await world.queue();
    for (let n = 0; n < 9; n++) {
      await world.send();
      world.dueMails();
    }
    assert.deepEqual(world.failures, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.deepEqual(
      world.postponed.map((delay) => delay / SECOND),
      [5, 10, 20, 40, 80, 160, 300, 300, 300],
    );
    assert.equal((await world.outbox()).length, 1);
  });

  it('a slow mail holds up its own place only; a drain waits for what is under way, and begins no more', async () => {
    const waiting: (() => void)[] = [];
    const sent: string[] = [];
    const world = mailWorld(async () => 'sent');
    const ids: string[] = [];
    for (let n = 0; n < 12; n++) ids.push((await world.queue()).id);
    const deliver: DeliverMail = async ({ id }) => {
      if (id === ids[0]) await new Promise<void>((resolve) => waiting.push(resolve));
      sent.push(id);
      return 'sent';
    };
    const sender = sendMails({ ...world, outbox: world.stores.outbox, deliver, failed: () => {} });
    await sender.run();
    for (let turn = 0; sent.length < 11 && turn < 1_000; turn++) await new Promise(setImmediate);
    assert.deepEqual(sent, ids.slice(1));
    const drained = sender.drain();
    await world.queue();
    await sender.run();
    waiting[0]?.();
    await drained;
    assert.deepEqual([sent.length, (await world.outbox()).length], [12, 1]);
  });

  it('MAIL-2 what was refused for good, or is past its time, is given up', async () => {
    let tries = 0;
    const world = mailWorld(async () => {
      tries++;
      return 'refused';
    });
    await world.queue();
    await world.send();
    await world.queue({ lifetime: SECOND });
    world.time.now += SECOND;
    await world.send();
    assert.equal(tries, 1);
    const outcomes = world.stores.events.flatMap(({ action, facts }) =>
      action === 'mail.given_up' ? [facts.outcome] : [],
    );
    assert.deepEqual(outcomes, ['refused', 'too_late']);
    assert.deepEqual(await world.outbox(), []);
  });

  it('MAIL-3 a queued mail is sealed for its id: nothing of it can be read, moved or cut', async () => {
    const world = mailWorld(async () => 'sent');
    const mail = await world.queue();
    assert.doesNotMatch(JSON.stringify(mail), /ada|example|password/i);
    assert.throws(() => world.seal.open({ ...mail, id: world.newId('mai') }));
    assert.throws(() => world.seal.open({ ...mail, tenantId: 'other' }));
    assert.throws(() => world.seal.open({ ...mail, sealed: mail.sealed.slice(0, -2) }));
  });

  it('MAIL-5 a mail goes to one canonical address', async () => {
    const { mails } = mailWorld(async () => 'sent');
    const bad = [
      `${TO}\r\nbcc: eve@example.com`,
      `${TO},eve@example.com`,
      'Ada <ada@example.com>',
      'ADA@example.com',
      '',
    ];
    for (const to of bad) {
      const mail = { tenantId: 'default', to, template: 'password_changed', values: AT } as const;
      await assert.rejects(mails.write({ ...mail, language: 'en', lifetime: HOUR }), TypeError, to);
    }
  });

  it('MAIL-6 a new password is told to each verified address, in the language of the identity, in the same write', async () => {
    const world = mailWorld(async () => 'sent');
    const address = (value: string, verified: boolean) => ({ type: 'email' as const, value, verified });
    const identifiers = [
      address('a@example.com', true),
      address('b@example.com', false),
      address('c@example.com', true),
    ];
    const { id } = await world.addIdentity({ identifiers, metadata: { language: 'de-AT' } });
    await world.setPassword({ tenantId: 'default', actor: 'web', identityId: id, password: 'violet-otter-battery' });
    const waiting = await world.outbox();
    assert.deepEqual(waiting.map(({ to }) => to).sort(), ['a@example.com', 'c@example.com']);
    assert.equal(waiting[0]?.subject, 'Ihr Passwort wurde geändert');
  });

  it('no mail is written where none can be sent', async () => {
    const world = passwordWorld({ mail: false });
    const { id } = await world.addIdentity({ identifiers: [{ type: 'email', value: TO, verified: true }] });
    await world.setPassword({ tenantId: 'default', actor: 'web', identityId: id, password: 'violet-otter-battery' });
    assert.deepEqual(await world.outbox(), []);
  });

  it('a mail looks as the pages of its tenant do: words on the accent are seen, help is a link, and nothing is loaded', () => {
    const values = { code: '1234 5678', link: 'https://login.example.com/mail?token=x', minutes: 10 };
    for (const [accentColor, onAccent] of [
      ['#ffd400', '#000000'],
      ['#102030', '#ffffff'],
    ] as const) {
      const looks = { name: 'Nordlicht', accentColor, supportUrl: 'https://nordlicht.example/help?a=1&b=2' };
      const { text, html } = render('sign_in_code', values, 'de', looks);
      assert.ok(html.includes(`background:${accentColor};color:${onAccent};`));
      assert.ok(html.includes('href="https://nordlicht.example/help?a=1&#38;b=2"') && html.includes('>Hilfe</a>'));
      assert.ok(text.endsWith('Hilfe: https://nordlicht.example/help?a=1&b=2\n'));
      assert.doesNotMatch(html, /src=|url\(|<link/);
    }
    const mail = { name: 'A', accentColor: '', supportUrl: 'mailto:help@a.example' };
    assert.match(render('sign_in_code', values, 'en', mail).text, /Help: help@a\.example\n$/);
  });

  it('every language has every mail; names are escaped in HTML', () => {
    for (const language of LANGUAGES) {
      const { subject, text, html } = render('password_changed', AT, language, {
        name: '<b>A&B</b>',
        accentColor: '',
        supportUrl: '',
      });
      assert.ok(subject.length > 5 && text.includes('<b>A&B</b>'));
      assert.ok(!html.includes('<b>') && html.includes('&#60;b&#62;A&#38;B'));
      assert.ok(html.includes(`<html lang="${language}">`));
    }
  });
});
