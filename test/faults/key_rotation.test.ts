// TOK-40: signing keys change while tokens are issued, exchanged and verified: no token fails before its key is retired, none passes after.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { JwksKeySource, TrustTokenError, Verifier } from '@trust-layer/sdk';
import { SigningKeyState } from '../../server/src/contract/gen/trust/v1/signing_key.ts';
import { type ComposedServer, composedServer, ISSUER } from '../support/composed_server.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { newSession } from '../support/shared_server.ts';

const STEP = 10_000;
const kidOf = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;

/** `ok` or the code of the refusal. */
async function judged(verifier: Verifier, token: string): Promise<string> {
  try {
    await verifier.verify(token);
    return 'ok';
  } catch (error) {
    if (error instanceof TrustTokenError) return error.code;
    throw error;
  }
}

describe('fault: key rotation on a schedule', function () {
  this.timeout(60_000);
  let server: ComposedServer;
  beforeEach(async () => {
    server = await composedServer();
  });
  afterEach(() => server.close());

  /** A backend with its own copy of the keys, read through the public JWKS at times of its own. */
  function backend(): Verifier {
    const clock = () => server.time.frozen ?? 0;
    const read = async () =>
      new Response(await server.node.pages.jwks('default'), { headers: { 'content-type': 'application/json' } });
    const keySource = new JwksKeySource(`${ISSUER}/.well-known/jwks.json`, { clock, fetch: read as typeof fetch });
    return new Verifier({ issuer: ISSUER, audience: 'dev', keySource, clock });
  }

  /** 25 minutes in steps of 10 s; every token that has not expired is verified at every step by every backend. */
  async function minutes(count: number, at: (step: number) => Promise<void>) {
    const { sessionId } = await newSession(server.rpc);
    const backends = [backend(), backend(), backend()];
    const tokens: { token: string; expires: number }[] = [];
    const kids = new Set<string>();
    const wrong: string[] = [];
    let checks = 0;
    for (let step = 0; step < count * 6; step += 1) {
      server.time.frozen = (server.time.frozen ?? Date.now()) + STEP;
      const now = server.time.frozen;
      await server.node.advanceAllSigningKeys();
      await at(step);
      const { trustToken } = await server.rpc.ok('TrustTokenService', 'issueTrustToken', {
        sessionId,
        audience: 'dev',
        lifetimeSeconds: 300,
      });
      tokens.push({ token: trustToken, expires: now + 299_000 });
      kids.add(kidOf(trustToken));
      for (const { token } of tokens.filter(({ expires }) => expires > now)) {
        // The third looks at one in seven only, so that its copy is of another age.
        for (const verifier of backends.slice(0, step % 7 === 0 ? 3 : 2)) {
          const code = await judged(verifier, token);
          checks += 1;
          if (code !== 'ok') wrong.push(`step ${step}: ${code}`);
        }
      }
      const oldest = tokens.find(({ expires }) => expires > now)?.token ?? '';
      const { failure } = await server.rpc.call('TrustTokenService', 'exchangeTrustToken', {
        trustToken: oldest,
        audience: 'orders',
      });
      if (failure !== undefined) wrong.push(`step ${step}: exchange ${failure.reason} ${failure.metadata.code}`);
    }
    return { wrong, kids, checks };
  }

  it('three planned rotations in 45 minutes: no token fails at any backend', async () => {
    const { wrong, kids, checks } = await minutes(45, async (step) => {
      if (step % 80 === 20)
        await server.rpc.ok('SigningKeyService', 'rotateSigningKey', { alg: step === 100 ? 'ES256' : 'EdDSA' });
    });
    assert.deepEqual(wrong, []);
    assert.equal(kids.size, 5 - 1);
    assert.ok(checks > 10_000);
    const { keys } = await server.rpc.ok('SigningKeyService', 'listSigningKeys', {});
    const states = keys.map(({ state }) => state);
    assert.equal(states.filter((state) => state === SigningKeyState.ACTIVE).length, 1);
    assert.ok(states.includes(SigningKeyState.RETIRED), 'the first was retired on the way');
  });

  it('an immediate rotation: backends fetch the key at first sight', async () => {
    const { wrong, kids } = await minutes(12, async (step) => {
      if (step % 24 === 12) await server.rpc.ok('SigningKeyService', 'rotateSigningKey', { immediate: true });
    });
    assert.deepEqual(wrong, []);
    assert.equal(kids.size, 4);
  });

  it('a second planned rotation while one is pending is refused', async () => {
    await server.rpc.ok('SigningKeyService', 'rotateSigningKey', {});
    const { reason } = await server.rpc.refused('SigningKeyService', 'rotateSigningKey', {});
    assert.equal(reason, 'SIGNING_KEY_STATE');
  });
});

describe('fault: key rotation in traffic', function () {
  this.timeout(90_000);
  let server: ServerProcess;
  let rpc: RpcCaller;
  before(async () => {
    server = await startServer();
    rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
  });
  after(async () => {
    rpc?.close();
    await server?.remove();
  });

  it('rotated at once and retired under load: only tokens of the retired key are refused, and those at once by the server', async () => {
    const { sessionId } = await newSession(rpc);
    const ahead = { ms: 0 };
    const url = `${server.publicUrl}/.well-known/jwks.json`;
    const newVerifier = () => {
      const keySource = new JwksKeySource(url, { clock: () => Date.now() + ahead.ms });
      return new Verifier({ issuer: server.publicUrl, audience: 'dev', keySource });
    };
    const verifiers = [newVerifier(), newVerifier()];
    const issue = async () =>
      (await rpc.ok('TrustTokenService', 'issueTrustToken', { sessionId, audience: 'dev', lifetimeSeconds: 300 }))
        .trustToken;
    const retired = new Set<string>();
    const tokens: string[] = [];
    const wrong: string[] = [];
    let going = true;
    let checks = 0;
    const lane = async (verifier: Verifier) => {
      while (going) {
        const token = await issue();
        const kid = kidOf(token);
        tokens.push(token);
        const code = await judged(verifier, token);
        checks += 1;
        // A key that was retired while its token was under way may be refused already.
        if (code !== 'ok' && !retired.has(kid)) wrong.push(code);
      }
    };
    const running = verifiers.map(lane);
    const rotate = async () => {
      await sleep(300);
      ahead.ms += 11_000;
      await rpc.ok('SigningKeyService', 'rotateSigningKey', { immediate: true });
      await sleep(300);
    };
    await rotate();
    await rotate();
    const { keys } = await rpc.ok('SigningKeyService', 'listSigningKeys', {});
    const active = keys.find(({ state }) => state === SigningKeyState.ACTIVE)?.kid ?? '';
    const leaked = (await issue()) ?? '';
    assert.equal(kidOf(leaked), active);
    retired.add(active);
    ahead.ms += 11_000;
    await rpc.ok('SigningKeyService', 'retireSigningKey', { kid: active });
    const refused = await rpc.refused('TrustTokenService', 'exchangeTrustToken', {
      trustToken: leaked,
      audience: 'orders',
    });
    assert.deepEqual([refused.reason, refused.metadata.code], ['TRUST_TOKEN_REJECTED', 'TOKEN_KEY_UNKNOWN']);
    assert.notEqual(kidOf(await issue()), active, 'the active key was replaced in the same step');
    await sleep(300);
    going = false;
    await Promise.all(running);
    assert.deepEqual([...new Set(wrong)], []);
    assert.ok(checks > 100, String(checks));
    assert.ok(new Set(tokens.map(kidOf)).size >= 4);

    // Backends read the keys again after 60 s, and then hold no retired one.
    ahead.ms += 61_000;
    for (const verifier of [...verifiers, newVerifier()]) {
      for (const token of new Map(tokens.map((each) => [kidOf(each), each])).values()) {
        const code = await judged(verifier, token);
        assert.equal(code, retired.has(kidOf(token)) ? 'TOKEN_KEY_UNKNOWN' : 'ok');
      }
    }
    const { keys: published } = (await (await fetch(url)).json()) as { keys: { kid: string }[] };
    assert.ok(!published.some(({ kid }) => kid === active), 'a retired key is not published');
  });
});
