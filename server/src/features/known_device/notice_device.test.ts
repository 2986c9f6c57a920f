import assert from 'node:assert/strict';
import { passwordWorld } from '../../../../test/support/password_world.ts';
import { DAY } from '../../kernel/clock.ts';
import { describeDevice } from './known_device.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0';
const CHROME = 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36';

/** Ada, who has a verified address, signs in from here and there. */
async function deviceWorld(language = 'en') {
  const world = passwordWorld();
  const address = (value: string, verified: boolean) => ({ type: 'email' as const, value, verified });
  const identifiers = [address('ada@example.com', true), address('other@example.com', false)];
  const { id } = await world.addIdentity({ identifiers, metadata: { language } });
  const from = async (userAgent: string, ipAddress: string, more: object = {}) => {
    const asked = { tenantId: 'default', actor: 'web', identityId: id, acr: 'aal1', amr: ['pwd'], ...more };
    await world.create({ ...asked, device: { userAgent, ipAddress, label: '' } });
    return (await world.outbox()).length;
  };
  return { ...world, id, from };
}

describe('sign-ins from new devices', () => {
  it('ACC-11 the first device is no news; another is told to each verified address, once', async () => {
    const world = await deviceWorld();
    assert.equal(await world.from(FIREFOX, '203.0.113.7'), 0);
    assert.equal(await world.from(FIREFOX, '203.0.113.7'), 0);
    assert.equal(await world.from(CHROME, '203.0.113.7'), 1);
    assert.equal(await world.from(CHROME, '203.0.113.7'), 1);
    assert.equal(await world.from(FIREFOX, '198.51.100.7'), 2, 'another place');
    const [, mail] = await world.outbox();
    assert.deepEqual([mail?.to, mail?.template], ['ada@example.com', 'new_device']);
    assert.match(mail?.text ?? '', /Chrome on Windows, address 203\.0\.113\.7, .+ UTC/);
    const told = world.stores.events.filter(({ action }) => action === 'device.new');
    assert.deepEqual(
      told.map(({ facts }) => facts),
      [{ device: 'Chrome Windows' }, { device: 'Firefox Linux' }],
    );
  });

  it('ACC-11 neither versions nor a neighbouring address make a device new', async () => {
    const world = await deviceWorld();
    await world.from(FIREFOX, '203.0.113.7');
    assert.equal(await world.from(FIREFOX.replaceAll('130', '131'), '203.0.200.9'), 0);
    assert.equal(await world.from(FIREFOX, '::ffff:203.0.113.7'), 0);
  });

  it('ACC-11 in the language of the person, with names and addresses escaped', async () => {
    for (const [language, words] of [
      ['de', /Chrome unter Windows, Adresse 203/],
      ['fr', /Chrome sous Windows, adresse 203/],
    ] as const) {
      const world = await deviceWorld(language);
      await world.from(FIREFOX, '203.0.113.7');
      await world.from(CHROME, '203.0.113.7');
      assert.match((await world.outbox())[0]?.text ?? '', words);
    }
    const world = await deviceWorld();
    await world.from(FIREFOX, '203.0.113.7');
    await world.from('<b>x</b>', '203.0.113.7');
    const [mail] = await world.outbox();
    assert.ok(!mail?.html.includes('<b>'));
  });

  it('ACC-11 not where the tenant does not want it, where nothing is known, nor for who acts for a person', async () => {
    const world = await deviceWorld();
    await world.from(FIREFOX, '203.0.113.7');
    assert.equal(await world.from('', '198.51.100.7'), 0);
    const acting = { kind: 'support', actor: 'grace', reason: 'r', service: 'web', key: 'k', parent: '', scope: [] };
    assert.equal(await world.from(CHROME, '198.51.100.7', { acting }), 0);
    world.tenant.settings = { ...world.tenant.settings, newDeviceMail: false };
    assert.equal(await world.from(CHROME, '203.0.113.7'), 0);
    assert.equal((await world.stores.knownDevices.list('default', world.id)).length, 1);
  });

  it('ACC-11 a sign-in that is refused makes no device known', async () => {
    const world = await deviceWorld();
    await world.from(FIREFOX, '203.0.113.7');
    world.tenant.settings = { ...world.tenant.settings, maxSessions: 1, sessionOverflow: 'refuse' };
    await assert.rejects(world.from(CHROME, '203.0.113.7'), { reason: 'SESSION_LIMIT' });
    assert.deepEqual(await world.outbox(), []);
    world.tenant.settings = { ...world.tenant.settings, maxSessions: 0 };
    assert.equal(await world.from(CHROME, '203.0.113.7'), 1);
  });

  it('a device in daily use is written once a day', async () => {
    const world = await deviceWorld();
    const writes = () => world.stores.calls.filter((call) => call === 'knownDevices.keep').length;
    await world.from(FIREFOX, '203.0.113.7');
    await world.from(FIREFOX, '203.0.113.7');
    assert.equal(writes(), 1);
    world.time.now += DAY;
    await world.from(FIREFOX, '203.0.113.7');
    assert.equal(writes(), 2);
  });

  it('a program is known by its own name, and nothing by no name', () => {
    assert.equal(describeDevice('idn_1', 'okhttp/4.9', '')?.browser, 'okhttp');
    assert.equal(describeDevice('idn_1', '', '203.0.113.7'), undefined);
    const digests = ['203.0.113.7', ''].map((address) => describeDevice('idn_1', 'okhttp/4.9', address)?.digest);
    assert.equal(new Set([...digests, describeDevice('idn_2', 'okhttp/4.9', '')?.digest]).size, 3);
  });
});
