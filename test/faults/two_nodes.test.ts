// P5: any node answers any request; nodes share nothing but the database.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { JwksKeySource, Verifier } from '@trust-layer/sdk';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { visit } from '../conformance/hosted_page.ts';
import { needsPostgres } from '../support/needs.ts';
import { postgresServer } from '../support/postgres.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { freePort, type ServerProcess, startServer } from '../support/server_process.ts';
import { freshName, newIdentity, newSession, verdictOf } from '../support/shared_server.ts';
import { type TwoNodes, twoNodes } from '../support/two_nodes.ts';
import { broken, newLedger, Writer } from './ledger.ts';

const RETURN_TO = 'http://localhost/auth/callback';

describe('fault: two nodes on one database', function () {
  this.timeout(120_000);
  let pair: TwoNodes;
  let here: RpcCaller;
  let there: RpcCaller;

  before(async function () {
    needsPostgres(this);
    pair = await twoNodes();
    [here, there] = pair.nodes.map(({ grpcAddress }) => new RpcCaller(grpcAddress, pair.nodes[0].serviceKey)) as [
      RpcCaller,
      RpcCaller,
    ];
  });
  after(async () => {
    here?.close();
    there?.close();
    await pair?.remove();
  });

  it('what one makes the other answers: sessions, identities, services, settings, audit', async () => {
    for (const [one, other] of [
      [here, there],
      [there, here],
    ] as const) {
      const session = await newSession(one);
      assert.equal(await verdictOf(other, session.sessionId), 'active');
      const rotated = await other.ok('SessionService', 'rotateSession', { sessionId: session.sessionId });
      assert.equal(await verdictOf(one, rotated.sessionId), 'active');
      assert.notEqual(await verdictOf(one, session.sessionId), 'active');
      const { events } = await other.ok('AuditService', 'listAuditEvents', { identityId: session.identityId });
      assert.ok(events.length >= 2);
      const name = freshName('svc');
      await one.ok('ServiceKeyService', 'putService', { name, scopes: ['sessions:verify'] });
      const { serviceKey } = await other.ok('ServiceKeyService', 'createServiceKey', { service: name });
      assert.equal(
        (await one.call('SessionService', 'verify', {}, { authorization: `Bearer ${serviceKey}` })).failure,
        undefined,
      );
    }
  });

  it('there is one signing key, and a token of one node is verified and exchanged at the other', async () => {
    const { sessionId } = await newSession(here);
    const lists = await Promise.all([here, there].map((rpc) => rpc.ok('SigningKeyService', 'listSigningKeys', {})));
    assert.deepEqual(
      lists.map(({ keys }) => keys.length),
      [1, 1],
    );
    const { trustToken } = await here.ok('TrustTokenService', 'issueTrustToken', { sessionId, audience: 'dev' });
    const exchanged = await there.ok('TrustTokenService', 'exchangeTrustToken', { trustToken, audience: 'orders' });
    const issuer = pair.nodes[0].publicUrl;
    const verifier = new Verifier({
      issuer,
      audience: 'orders',
      keySource: new JwksKeySource(`${issuer}/.well-known/jwks.json`),
    });
    assert.equal((await verifier.verify(exchanged.trustToken)).aud, 'orders');
  });

  it('RED-3 a code from the page of one node is good once, at whichever node', async () => {
    const identifier = `${freshName('p')}@example.com`;
    for (let round = 0; round < 10; round += 1) {
      const codeVerifier = randomBytes(32).toString('base64url');
      const code_challenge = createHash('sha256').update(codeVerifier).digest('base64url');
      const query = { return_to: RETURN_TO, state: 'abcdefghijklmnop', code_challenge, code_challenge_method: 'S256' };
      const page = round === 0 ? 'sign-up' : 'sign-in';
      const { code } = await visit({
        page,
        publicUrl: pair.nodes[0].publicUrl,
        query,
        identifier,
        password: 'violet-otter-battery',
        displayName: '',
      });
      const request = { code, codeVerifier, returnTo: RETURN_TO };
      if (round % 2 === 0) {
        const { sessionId } = await there.ok('SignInService', 'exchangeSignInCode', request);
        assert.equal(
          (await here.refused('SignInService', 'exchangeSignInCode', request)).reason,
          'SIGN_IN_CODE_REJECTED',
        );
        assert.notEqual(await verdictOf(there, sessionId), 'active', 'the replay ended it');
        continue;
      }
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, place) =>
          (place % 2 ? there : here).call('SignInService', 'exchangeSignInCode', request),
        ),
      );
      const won = answers.flatMap(({ value }) => (value === undefined ? [] : [value.sessionId]));
      assert.ok(won.length <= 1);
      for (const sessionId of won) assert.notEqual(await verdictOf(here, sessionId), 'active');
    }
  });

  it('changes of one record at both nodes: none is lost', async () => {
    const identityId = await newIdentity(here);
    const versions = await Promise.all(
      Array.from({ length: 20 }, (_, place) =>
        (place % 2 === 0 ? here : there).call('SessionService', 'revokeIdentitySessions', { identityId }),
      ),
    );
    const epochs = versions.flatMap(({ value }) => (value === undefined ? [] : [Number(value.epoch)]));
    for (const { failure } of versions)
      assert.ok(failure === undefined || failure.reason === 'CONCURRENT_CHANGE', failure?.reason);
    assert.equal(new Set(epochs).size, epochs.length, 'no two calls were told the same epoch');
    const { identity } = await there.ok('IdentityService', 'getIdentity', { identityId });
    assert.equal(Number(identity?.epoch), 1 + epochs.length);
  });

  it('an identifier belongs to one identity, though both nodes give it away at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const identifiers = [{ type: IdentifierType.USERNAME, value: freshName('same'), verified: false }];
      const answers = await Promise.all(
        [here, there, here, there].map((rpc) => rpc.call('IdentityService', 'createIdentity', { identifiers })),
      );
      assert.equal(answers.filter(({ value }) => value !== undefined).length, 1);
    }
  });

  it('P4 one node killed under load on both: the other goes on, and nothing acknowledged is lost', async () => {
    const [first, second] = pair.nodes;
    const ledger = newLedger();
    let stopped = false;
    const callers = [first, second, first, second].map(
      ({ grpcAddress }) => new RpcCaller(grpcAddress, first.serviceKey),
    );
    const running = callers.map((rpc, place) => new Writer(rpc, ledger, 70 + place).run(() => stopped));
    const written = async (more: number) => {
      const goal = ledger.acknowledged + more;
      for (let wait = 0; ledger.acknowledged < goal && wait < 500; wait += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(ledger.acknowledged >= goal);
    };
    await written(40);
    await second.kill9();
    await written(20);
    stopped = true;
    const reasons = await Promise.all(running);
    assert.deepEqual(reasons, [undefined, 'UNREACHABLE', undefined, 'UNREACHABLE']);
    for (const rpc of callers) rpc.close();
    assert.deepEqual(await broken(ledger, here), []);
    await second.restart();
    assert.deepEqual(await broken(ledger, there), []);
  });
});

describe('fault: nodes that migrate at once', function () {
  this.timeout(90_000);

  it('three first starts on one empty database all become ready, on one master key and one signing key', async function () {
    needsPostgres(this);
    const DATABASE_URL = await (await postgresServer()).createDatabase();
    const TRUST_MASTER_KEY = randomBytes(32).toString('base64');
    const places = await Promise.all([1, 2, 3].map(async () => `127.0.0.1:${await freePort()}`));
    // One issuer, whoever of them answers there: it is part of what keys are sealed under.
    const env = { DATABASE_URL, TRUST_MASTER_KEY, TRUST_PUBLIC_URL: `http://${places[0]}` };
    const args = ['server/bin/trust_layer.mjs', 'serve'];
    const nodes = await Promise.allSettled(
      places.map((place) => startServer({ env: { ...env, TRUST_HTTP_ADDRESS: place }, args, readyTimeout: 60_000 })),
    );
    const started = nodes.flatMap((node): ServerProcess[] => (node.status === 'fulfilled' ? [node.value] : []));
    try {
      for (const node of nodes)
        assert.equal(node.status, 'fulfilled', node.status === 'rejected' ? String(node.reason) : '');
      const published = await Promise.all(
        places.map(async (place) => (await fetch(`http://${place}/.well-known/jwks.json`)).text()),
      );
      assert.equal(new Set(published).size, 1, 'all publish the same keys');
      assert.equal((JSON.parse(published[0] ?? '') as { keys: unknown[] }).keys.length, 1);
    } finally {
      for (const node of started) await node.remove();
    }
  });
});
