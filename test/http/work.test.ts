import assert from 'node:assert/strict';
import { ADA, type Answer, httpWorld } from '../support/http_world.ts';
import { WIDE_LIMITS } from '../support/world.ts';

describe('pages in a flood', () => {
  const flooded = async () => {
    const world = await httpWorld();
    const rateLimits = { ...WIDE_LIMITS, freeTenant: { burst: 1, perHour: 60 } };
    world.tenant.settings = { ...world.tenant.settings, rateLimits };
    return world;
  };
  const challengeOf = ({ body }: Answer) => /data-challenge="([^"]*)"/.exec(body)?.[1];

  it('LIM-5 ask for work beyond what is free, on each page that begins something, and take a proof once', async () => {
    const world = await flooded();
    try {
      assert.equal(challengeOf((await world.open()).answer), undefined, 'nothing is asked in quiet');
      assert.equal((await world.submit('/sign-up', ADA)).status, 303, 'the first is free');
      for (const [path, typed] of [
        ['/sign-in', ADA],
        ['/sign-up', { ...ADA, identifier: 'eve@example.com' }],
        ['/security', ADA],
        ['/recover', { email: ADA.identifier }],
        ['/sign-in/mail', { email: ADA.identifier }],
      ] as const) {
        const { answer, cookie, fields } = await world.open(path);
        assert.equal(challengeOf(answer), 'challenge of default', path);
        assert.match(answer.body, /<script src="\/assets\/work-[0-9a-f]{16}\.js" nonce="[^"]+" defer>/);
        assert.match(String(answer.headers['content-security-policy']), /script-src 'nonce-/);
        const without = await world.post(path, { ...fields, ...typed, proof_of_work: '' }, { cookie });
        assert.deepEqual([without.status, without.headers['retry-after']], [429, '60'], path);
        assert.equal(challengeOf(without), 'challenge of default');
        assert.match(without.body, /role="alert">Many sign-ins are coming in[^<]* try again in a minute\./);
        assert.doesNotMatch(without.body, new RegExp(ADA.password), 'no password comes back');
        const proved = { ...fields, ...typed, proof_of_work: `solves: ${path}` };
        assert.ok([200, 303].includes((await world.post(path, proved, { cookie })).status), path);
        const { cookie: next, fields: again } = await world.open(path);
        const spent = { ...again, ...typed, proof_of_work: `solves: ${path}` };
        assert.equal((await world.post(path, spent, { cookie: next })).status, 429, path);
      }
    } finally {
      await world.close();
    }
  });

  it('LIM-5 says the same of known and unknown names', async () => {
    const world = await flooded();
    try {
      await world.submit('/sign-up', ADA);
      const bodies = [];
      for (const identifier of [ADA.identifier, 'eve@example.com']) {
        const { status, body } = await world.submit('/sign-in', { identifier, password: ADA.password });
        bodies.push([
          status,
          body.replaceAll(identifier, '').replace(/(form_token" value=")[^"]+|nonce="[^"]+"/g, '$1'),
        ]);
      }
      assert.deepEqual(bodies[0], bodies[1]);
    } finally {
      await world.close();
    }
  });

  it('the script is a file like all others, and no other name is one', async () => {
    const world = await flooded();
    try {
      await world.submit('/sign-up', ADA);
      const [, path = ''] = /src="(\/assets\/work-[^"]+)"/.exec((await world.open()).answer.body) ?? [];
      const { status, headers } = await world.send('GET', path);
      assert.deepEqual([status, headers['content-type']], [200, 'text/javascript; charset=utf-8']);
      assert.equal((await world.send('GET', path.replace(/[0-9a-f]{16}/, '0'.repeat(16)))).status, 404);
    } finally {
      await world.close();
    }
  });
});
