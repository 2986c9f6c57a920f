import assert from 'node:assert/strict';
import { readOutbox } from '../../server/src/features/mail/read_outbox.ts';
import { HOUR } from '../../server/src/kernel/clock.ts';
import { type HttpWorld, httpWorld } from '../support/http_world.ts';

describe('outbox page', () => {
  let world: HttpWorld;
  let id: string;
  before(async () => {
    world = await httpWorld({ dev: true, readOutbox: async (...asked) => read(...asked) });
    const read = readOutbox({ outbox: world.stores.outbox, seal: world.seal });
    const values = { browser: '', system: '', address: '', at: 0 };
    const mail = { tenantId: 'default', to: 'ada@example.com', template: 'password_changed', values } as const;
    const written = await world.mails.write({ ...mail, language: 'en', lifetime: HOUR });
    const before = await world.addIdentity();
    const trail = { changes: [], events: [], mails: [written, { ...written, id: world.newId('mai') }] };
    await world.stores.identities.replace(before, { ...before, version: 2 }, trail);
    ({ id } = written);
  });
  after(() => world.close());

  const get = (path: string, host = `127.0.0.1:${world.port}`) => world.send('GET', path, { headers: { host } });

  it('MAIL-4 shows what waits, as text and as its reader sees it; what cannot be opened is left out', async () => {
    const list = await get('/outbox');
    assert.equal(list.status, 200);
    assert.match(list.body, /<strong>Your password was changed<\/strong><br>to ada@example\.com/);
    assert.equal(list.body.match(/As HTML/g)?.length, 1);
    const mail = await get(`/outbox/${id}`);
    assert.match(mail.body, /every other device was signed out/);
    assert.match(String(mail.headers['content-security-policy']), /^default-src 'none'.*sandbox/);
    assert.equal((await get(`/outbox/mai_${'0'.repeat(32)}`)).status, 404);
  });

  it('MAIL-4 is read by no site that points its own name at this machine', async () => {
    for (const path of ['/outbox', `/outbox/${id}`]) assert.equal((await get(path, 'evil.example')).status, 404);
  });

  it('MAIL-4 is not there on any other server', async () => {
    const other = await httpWorld();
    try {
      for (const path of ['/outbox', `/outbox/${id}`]) assert.equal((await other.send('GET', path)).status, 404);
    } finally {
      await other.close();
    }
  });
});
