import assert from 'node:assert/strict';
import { MAX_IDENTIFIERS } from '../../server/src/features/identity/identity.ts';
import { ADA, type Answer, type HttpWorld, httpWorld } from '../support/http_world.ts';
import { pageBrowser } from '../support/page_browser.ts';

const NEW = 'new@example.com';
const address = (value: string, verified = true) => ({ type: 'email' as const, value, verified });

describe('addresses of an account', function () {
  this.timeout(30_000);
  let world: HttpWorld;
  let ada: string;

  /** Ada with these addresses, signed in to her account. */
  async function opened(identifiers = [address(ADA.identifier)]) {
    ({ id: ada } = await world.addIdentity({ identifiers }));
    await world.setPassword({ tenantId: 'default', actor: 'web', identityId: ada, password: ADA.password });
    const own = pageBrowser(world);
    await own.password('/security');
    return { own, page: await own.open('/account') };
  }
  beforeEach(async () => {
    world = await httpWorld();
  });
  afterEach(() => world?.close());

  const held = async () => (await world.readIdentity('default', ada))?.identifiers;
  const mails = async () =>
    (await world.outbox()).flatMap(({ to, template }) =>
      template === 'password_changed' ? [] : [`${template} ${to}`],
    );
  const typed = async (own: ReturnType<typeof pageBrowser>, asked: Answer) => {
    const [mail] = await world.outbox();
    const code = /^ {4}(\d{4} \d{4})$/m.exec(mail?.text ?? '')?.[1] ?? '';
    return { flow_token: own.fieldOf(asked, 'flow_token'), email: own.fieldOf(asked, 'email'), code };
  };
  const removable = ({ body }: Answer) =>
    [...body.matchAll(/name="remove" value="([^"]*)"/g)].map(([, value]) => value);

  it('PAG-8 one more address counts once its code is typed, and is told to the others', async () => {
    const { own, page } = await opened();
    const asked = await own.post('/account/email', page, { email: NEW, replaces: '' });
    assert.match(asked.body, /<h1>Check your mail<\/h1>/);
    assert.deepEqual(await held(), [address(ADA.identifier)]);
    const given = await typed(own, asked);
    const wrong = await own.post('/account/email', asked, { ...given, code: '1' });
    assert.equal(wrong.status, 422);
    assert.match(wrong.body, /That code did not work/);
    const done = await own.post('/account/email', asked, given);
    assert.match(done.body, /The address is confirmed/);
    assert.deepEqual(await held(), [address(ADA.identifier), address(NEW)]);
    assert.ok((await mails()).includes(`identifier_changed ${ADA.identifier}`), 'told to the address from before');
    assert.ok(!(await mails()).includes(`identifier_changed ${NEW}`));
  });

  it('MAIL-14 an address in the place of another ends the sessions that are not this sign-in', async () => {
    const { own, page } = await opened();
    const device = { userAgent: 'x', ipAddress: '', label: '' };
    const by = { tenantId: 'default', actor: 'web', identityId: ada, acr: 'aal1', amr: ['pwd'], device };
    const { sessionId } = await world.create(by);
    const asked = await own.post('/account/email', page, { email: NEW, replaces: ADA.identifier });
    await own.post('/account/email', asked, await typed(own, asked));
    assert.deepEqual(await held(), [address(NEW)]);
    assert.equal((await world.verify('default', sessionId)).active, false);
    assert.equal((await own.open('/account')).status, 200, 'this sign-in goes on');
  });

  it('PAG-8 an address that was not confirmed yet is confirmed', async () => {
    const { own, page } = await opened([address(ADA.identifier), address('b@example.com', false)]);
    assert.match(page.body, /b@example\.com<\/strong><small>not confirmed/);
    const asked = await own.post('/account/email', page, { email: 'b@example.com' });
    await own.post('/account/email', asked, await typed(own, asked));
    assert.deepEqual(await held(), [address(ADA.identifier), address('b@example.com')]);
  });

  it('PAG-8 an address is removed and told, but never the last confirmed one', async () => {
    const { own, page } = await opened([
      address(ADA.identifier),
      address('b@example.com'),
      address('c@example.com', false),
    ]);
    assert.deepEqual(removable(page), [ADA.identifier, 'b@example.com', 'c@example.com']);
    assert.equal((await own.post('/account/email/remove', page, { remove: 'b@example.com' })).status, 303);
    assert.deepEqual(await held(), [address(ADA.identifier), address('c@example.com', false)]);
    assert.deepEqual((await mails()).sort(), [
      `identifier_changed ${ADA.identifier}`,
      'identifier_changed b@example.com',
    ]);
    assert.deepEqual(removable(await own.open('/account')), ['c@example.com']);
    const last = await own.post('/account/email/remove', page, { remove: ADA.identifier });
    assert.equal(last.status, 422);
    assert.match(last.body, /This address stays/);
    for (const remove of ['nobody@example.com', ''])
      assert.equal((await own.post('/account/email/remove', page, { remove })).status, 303);
    assert.deepEqual(await held(), [address(ADA.identifier), address('c@example.com', false)]);
  });

  it('PAG-8 of two removals at once one confirmed address is left', async () => {
    const { own, page } = await opened([address(ADA.identifier), address('b@example.com')]);
    const answers = await Promise.all(
      [ADA.identifier, 'b@example.com'].map((remove) => own.post('/account/email/remove', page, { remove })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 422]);
    assert.equal((await held())?.length, 1);
  });

  it(`PAG-8 ${MAX_IDENTIFIERS} names at most: then an address takes the place of another`, async () => {
    const many = Array.from({ length: MAX_IDENTIFIERS - 2 }, (_, place) => address(`m${place}@example.com`));
    const { own, page } = await opened([address(ADA.identifier), ...many]);
    assert.match(page.body, /name="replaces" value="" checked/);
    const asked = await own.post('/account/email', page, { email: NEW, replaces: '' });
    await own.post('/account/email', asked, await typed(own, asked));
    assert.equal((await held())?.length, MAX_IDENTIFIERS);
    const full = await own.open('/account');
    assert.doesNotMatch(full.body, /name="replaces" value=""/);
    const refused = await own.post('/account/email', full, { email: 'more@example.com', replaces: '' });
    assert.equal(refused.status, 422);
    assert.match(refused.body, /You have 10 names, and no more fit/);
    const instead = await own.post('/account/email', full, { email: 'more@example.com', replaces: NEW });
    assert.match(instead.body, /Check your mail/);
  });

  it('what is no address is said so, and the form is open again', async () => {
    const { own, page } = await opened();
    for (const email of ['a@b', '', 'a b@example.com']) {
      const again = await own.post('/account/email', page, { email, replaces: '' });
      assert.equal(again.status, 422, email);
      assert.match(again.body, /<details class="choice" open>/);
      assert.match(again.body, /id="form-fault"/);
    }
  });

  it('where no mails are sent, addresses are removed only', async () => {
    await world.close();
    world = await httpWorld({ email: { ...world.email, enabled: false } });
    const { page } = await opened([address(ADA.identifier), address('b@example.com', false)]);
    assert.doesNotMatch(page.body, /action="\/account\/email"/);
    assert.deepEqual(removable(page), ['b@example.com']);
  });
});
