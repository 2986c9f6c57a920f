import assert from 'node:assert/strict';
import { Hono } from 'hono';
import { bindRoutes, ROUTES, type Route } from './routes.ts';

const page = () => new Response('page');
const row: Route = { method: 'GET', path: '/', csrf: false, cache: 'no-store' };
const bind = (routes: Record<string, Route>, handlers: Record<string, () => Response>) =>
  bindRoutes(new Hono(), routes, handlers, (_, handler) => handler);

describe('routes', () => {
  it('a page without a row does not bind, nor a row without a page', () => {
    bind({ home: row }, { home: page });
    assert.throws(() => bind({}, { home: page }), /home has no row/);
    assert.throws(() => bind({ home: row }, {}), /home .* has no page/);
  });

  it('RED-8 a POST that would take foreign forms does not bind', () => {
    assert.throws(() => bind({ home: { ...row, method: 'POST' } }, { home: page }), /forms of our own/);
  });

  it('GET is never held to a form token, and nothing but keys, discovery and assets may be kept', () => {
    for (const [name, route] of Object.entries(ROUTES)) {
      // The one that takes foreign forms goes on as a GET, whose answer is checked.
      if (name === 'relayOauthCallback') assert.equal(route.csrf, 'relays');
      else assert.equal(route.csrf, route.method === 'POST', name);
      const kept = route.path.startsWith('/.well-known/') || route.path.startsWith('/assets/');
      assert.equal(route.cache === 'no-store', !kept, name);
    }
  });
});
