import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fastify, { type FastifyRequest } from 'fastify';
import { webSuite } from '../testing/web_suite.ts';
import { requireSession, requireTrustToken, session, signInRoutes } from './fastify.ts';

webSuite('Fastify plugins', async (options) => {
  const app = fastify({ forceCloseConnections: true });
  await app.register(session(options));
  await app.register(signInRoutes(options));
  app.get('/open', async ({ trust }) => {
    const shown = inspect(trust, { showHidden: true, depth: 9 }) + JSON.stringify(trust);
    const { outcome, session: found, sessionId } = trust ?? {};
    return { outcome, handle: found?.handle, sessionId, shown: found ? shown : '{}' };
  });
  app.get('/me', { preHandler: requireSession() }, async () => 'ok');
  app.get('/api', { onRequest: requireSession({ redirect: false }) }, async () => 'ok');
  const orders = async ({ trustToken }: FastifyRequest) => {
    const shown = inspect(trustToken, { showHidden: true, depth: 9 }) + JSON.stringify(trustToken);
    return { sub: trustToken?.claims.sub, token: trustToken?.token, shown };
  };
  app.get('/orders', { preHandler: requireTrustToken(options.verifier) }, orders);
  app.get('/deaf', { onRequest: requireTrustToken(options.deafVerifier) }, orders);
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  return { origin, stop: () => app.close() };
});

describe('Fastify plugins set up wrongly', () => {
  it('SDK-20 requireSession without session lets nobody pass', async () => {
    const app = fastify();
    app.get('/me', { preHandler: requireSession() }, async () => 'secret');
    const answer = await app.inject('/me');
    assert.equal(answer.statusCode, 500);
    await app.close();
  });
});
