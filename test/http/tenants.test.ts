import assert from 'node:assert/strict';
import { ROUTES } from '../../server/src/http/routes.ts';
import { ADA, FLOW, type HttpWorld, httpWorld } from '../support/http_world.ts';

const ACME = 'http://acme.localhost:4711';
const HOST = 'acme.localhost:4711';

describe('pages of a further tenant', () => {
  let world: HttpWorld;
  let failure: Error | undefined;
  let suspended = '';
  const asked: string[] = [];
  before(async () => {
    world = await httpWorld({
      dev: true,
      siteAt: async (host) => {
        asked.push(host);
        if (failure !== undefined) throw failure;
        return host === HOST ? { tenantId: 'acme', publicUrl: ACME } : undefined;
      },
      isSuspended: async (tenantId) => tenantId === suspended,
      jwks: async (tenantId) => JSON.stringify({ keys: [], of: tenantId }),
      settings: async (tenantId) => ({
        ...world.tenant.settings,
        displayName: tenantId === 'acme' ? 'Acme' : 'Standard',
      }),
    });
  });
  after(() => world.close());
  afterEach(() => {
    failure = undefined;
    suspended = '';
  });

  const get = (path: string, host?: string) => world.send('GET', path, host === undefined ? {} : { headers: { host } });
  const signInAt = (host?: string) => get(`/sign-in?${new URLSearchParams(FLOW)}`, host);
  const nameOf = (body: string) => /Acme|Standard/.exec(body)?.[0];

  it('TEN-5 the host chooses the tenant: name, keys and discovery', async () => {
    assert.equal(nameOf((await signInAt(HOST)).body), 'Acme');
    assert.equal(nameOf((await signInAt()).body), 'Standard');
    assert.equal(JSON.parse((await get('/.well-known/jwks.json', HOST)).body).of, 'acme');
    assert.equal(JSON.parse((await get('/.well-known/jwks.json')).body).of, 'default');
    const { issuer, jwks_uri: jwks } = JSON.parse((await get('/.well-known/trust-layer', HOST)).body);
    assert.deepEqual([issuer, jwks], [ACME, `${ACME}/.well-known/jwks.json`]);
  });

  it('TEN-5 by whole equality: every other spelling is answered by default', async () => {
    for (const host of ['acme.localhost', 'acme.localhost:4712', `x.${HOST}`, 'acme', 'acme.localhost.:4711', '']) {
      assert.equal(nameOf((await signInAt(host)).body), 'Standard', host);
    }
    assert.equal(nameOf((await signInAt('ACME.localhost:4711')).body), 'Acme', 'names know no case');
    for (const header of ['x-forwarded-host', 'forwarded', 'x-original-host']) {
      const headers = { [header]: header === 'forwarded' ? `host=${HOST}` : HOST };
      const { body } = await world.send('GET', '/.well-known/jwks.json', { headers });
      assert.equal(JSON.parse(body).of, 'default', header);
    }
  });

  it('TEN-5 while it cannot be told whose a host is, nobody’s pages are shown, and health is', async () => {
    failure = new Error('database away');
    const { status, headers, body } = await signInAt('other.localhost');
    assert.equal(status, 503);
    assert.equal(headers['retry-after'], '5');
    assert.ok(!/Standard|form/.test(body));
    assert.equal((await get('/healthz', 'other.localhost')).status, 200);
    assert.equal(nameOf((await signInAt()).body), 'Standard', 'the host of default needs no look-up');
    assert.equal(nameOf((await signInAt(HOST)).body), 'Acme', 'a public URL never changes, so it is looked up once');
  });

  it('TEN-6 a form of one tenant is none of another, nor do accounts reach over', async () => {
    const posted = (host: string | undefined, cookie: string, fields: Record<string, string>) =>
      world.post(
        '/sign-up',
        { ...fields, identifier: ADA.identifier, password: ADA.password },
        {
          cookie,
          ...(host !== undefined && { headers: { host } }),
        },
      );
    const opened = async (host?: string) => {
      const answer = await get(`/sign-up?${new URLSearchParams(FLOW)}`, host);
      const [, token = ''] = /name="form_token" value="([^"]*)"/.exec(answer.body) ?? [];
      const [cookie = ''] = answer.headers['set-cookie']?.[0]?.split(';') ?? [];
      return { cookie, fields: { ...FLOW, form_token: token } };
    };
    const [ours, theirs] = [await opened(), await opened(HOST)];
    assert.equal((await posted(HOST, ours.cookie, ours.fields)).status, 403);
    assert.equal((await posted(undefined, theirs.cookie, theirs.fields)).status, 403);
    assert.equal((await posted(HOST, theirs.cookie, theirs.fields)).status, 303);
    const read = (tenantId: string) => world.stores.identities.readByIdentifier(tenantId, 'email', ADA.identifier);
    assert.equal(await read('default'), undefined);
    assert.equal((await read('acme'))?.tenantId, 'acme');
  });

  it('TEN-7 the pages of a suspended tenant say so, in its name and in three languages, and its keys stay readable', async () => {
    const opened = await signInAt(HOST);
    const [, token = ''] = /name="form_token" value="([^"]*)"/.exec(opened.body) ?? [];
    const [cookie = ''] = opened.headers['set-cookie']?.[0]?.split(';') ?? [];
    suspended = 'acme';
    const paths = Object.values(ROUTES).filter(
      ({ cache, path }) => cache === 'no-store' && !/^\/(healthz|readyz)/.test(path),
    );
    assert.ok(paths.length > 30);
    for (const { method, path } of paths) {
      const concrete = path.replace(/:id\{.*\}/, `mai_${'0'.repeat(32)}`).replace(':provider', 'acme');
      const headers = {
        host: HOST,
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
      };
      const answer = await world.send(method, concrete, { headers });
      assert.equal(answer.status, 403, concrete);
      assert.ok(answer.body.includes('Closed for now') && nameOf(answer.body) === 'Acme', concrete);
    }
    for (const [language, title] of [
      ['de', 'Zurzeit geschlossen'],
      ['fr', 'Fermé pour le moment'],
    ] as const) {
      const headers = { host: HOST, 'accept-language': language };
      assert.ok((await world.send('GET', '/sign-in', { headers })).body.includes(title), language);
    }
    const fields = { ...FLOW, form_token: token, identifier: ADA.identifier, password: ADA.password };
    assert.equal((await world.post('/sign-in', fields, { cookie, headers: { host: HOST } })).status, 403);
    assert.equal((await get('/.well-known/jwks.json', HOST)).status, 200);
    assert.equal(nameOf((await signInAt()).body), 'Standard', 'no other tenant is concerned');
  });

  it('TEN-5 links and redirects are made of the public URL, whatever the host says', async () => {
    const { body } = await get('/', HOST);
    assert.ok(body.includes(ACME), 'the home page names where the tenant is');
    assert.ok(asked.every((host) => host === host.toLowerCase()));
  });
});
