// Ten thousand messages that are broken, hostile or merely strange, over every RPC: no crash, no INTERNAL, no hang, bounded memory.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { SCOPES } from '../../server/src/features/service_key/service_key.ts';
import { newSignInCode } from '../../server/src/kernel/secret.ts';
import { chance, HOSTILE_TEXTS, type KnownTexts, MUTATIONS, pick, randomMessage } from '../support/message_mutator.ts';
import { needsPostgres } from '../support/needs.ts';
import { postgresServer } from '../support/postgres.ts';
import { pathOf, RPCS, RpcCaller, statusName } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { freshName, newService, newSession, verdictOf } from '../support/shared_server.ts';
import { repeatableRandom } from '../support/world.ts';

const SEED = 20_260_102;
const IN_FLIGHT = 24;
const DEADLINE_MS = 8_000;
/** What a hostile message may be answered. INTERNAL, UNKNOWN and UNAVAILABLE would be faults of the server. */
const ALLOWED = new Set([
  'OK',
  'INVALID_ARGUMENT',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'FAILED_PRECONDITION',
  'ABORTED',
  'RESOURCE_EXHAUSTED',
  'UNIMPLEMENTED',
]);

describe('attack: mutated messages', function () {
  this.timeout(150_000);

  async function attack(server: ServerProcess, rounds: number): Promise<void> {
    const admin = new RpcCaller(server.grpcAddress, server.serviceKey);
    const fuzzer = await newService(admin, SCOPES, ['orders', 'billing']);
    const rpc = new RpcCaller(server.grpcAddress, fuzzer.key);
    const bystander = await newSession(admin);
    const next = chance(SEED);
    const known = await knownTexts(admin);
    const before = residentKib(server);
    const counts = new Map<string, number>();
    const wrong: string[] = [];
    let slowest = 0;
    let sent = 0;

    const one = async (): Promise<void> => {
      const method = RPCS[sent % RPCS.length] as (typeof RPCS)[number];
      sent += 1;
      const mutation = pick(next, Object.keys(MUTATIONS));
      const bytes =
        MUTATIONS[mutation]?.(Buffer.from(randomMessage(method.input, next, known)), next) ?? Buffer.alloc(0);
      const begun = performance.now();
      const outcome = await rpc.raw(pathOf(method), bytes, { timeout: DEADLINE_MS + 5_000 });
      slowest = Math.max(slowest, performance.now() - begun);
      const status = statusName(outcome);
      counts.set(status, (counts.get(status) ?? 0) + 1);
      if (!ALLOWED.has(status))
        wrong.push(
          `${method.name} (${mutation}): ${status} ${outcome.failure?.reason} ${bytes.toString('hex').slice(0, 160)}`,
        );
    };
    const lane = async () => {
      while (sent < rounds && wrong.length < 10) await one();
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));

    const grown = Math.round((residentKib(server) - before) / 1_024);
    const table = [...counts].toSorted(([, a], [, b]) => b - a).map(([status, count]) => `${status} ${count}`);
    console.log(`      ${sent} messages: ${table.join(', ')}; slowest ${Math.round(slowest)} ms, memory +${grown} MiB`);
    assert.deepEqual(wrong, []);
    assert.ok(sent >= rounds);
    assert.ok(slowest < DEADLINE_MS + 2_000, `slowest ${slowest} ms`);
    assert.ok(grown < 250, `memory grew by ${grown} MiB`);
    assert.doesNotMatch(server.output(), /failed unexpectedly|"event":"crash"|"event":"job_failed"/);
    assert.equal(await verdictOf(admin, bystander.sessionId), 'active', 'it still serves, and nobody else was harmed');
    assert.ok((counts.get('OK') ?? 0) > rounds / 20, 'some messages are good, so that more than the reader is reached');
    assert.ok((counts.get('INVALID_ARGUMENT') ?? 0) > rounds / 10);
  }

  it('10,000 on the embedded database', async () => {
    const server = await startServer({ env: { TRUST_DEADLINE_MS: String(DEADLINE_MS), TRUST_HASH_QUEUE: '200' } });
    try {
      await attack(server, 10_000);
    } finally {
      await server.remove();
    }
  });

  it('2,000 on PostgreSQL, which refuses texts that libSQL takes', async function () {
    needsPostgres(this);
    const url = await (await postgresServer()).createDatabase();
    const server = await startServer({
      env: { TRUST_DEADLINE_MS: String(DEADLINE_MS), TRUST_HASH_QUEUE: '200', DATABASE_URL: url },
    });
    try {
      await attack(server, 2_000);
    } finally {
      await server.remove();
    }
  });
});

/** Texts by which the server finds something, so that mutated messages come further than the first check. */
async function knownTexts(rpc: RpcCaller): Promise<KnownTexts> {
  const sessions = await Promise.all(Array.from({ length: 12 }, () => newSession(rpc)));
  const tokens: string[] = [];
  const services: { name: string; keyId: string }[] = [];
  for (const { sessionId } of sessions.slice(0, 6)) {
    const { trustToken } = await rpc.ok('TrustTokenService', 'issueTrustToken', { sessionId, audience: 'orders' });
    tokens.push(trustToken);
    services.push(await newService(rpc, ['sessions:verify'], ['orders']));
  }
  const { keys } = await rpc.ok('SigningKeyService', 'listSigningKeys', {});
  const page = await rpc.ok('IdentityService', 'listIdentities', { pageSize: 1 });
  const names = [...services.map(({ name }) => name), 'orders', 'billing'];
  const identifiers = [
    `${freshName('m')}@example.com`,
    `${freshName('m')}@example.com`,
    '+4915112345678',
    freshName('u'),
  ];
  return {
    '': ['', 'x', 'Ada', 'reader', ...HOSTILE_TEXTS.slice(0, 8)],
    tenant_id: ['', '', 'default'],
    session_id: sessions.map(({ sessionId }) => sessionId),
    session_ids: sessions.map(({ sessionId }) => sessionId),
    handle: sessions.map(({ handle }) => handle),
    identity_id: sessions.map(({ identityId }) => identityId),
    acr: ['', 'aal1', 'aal2'],
    amr: ['pwd', 'otp', 'ext'],
    ip_address: ['', '192.0.2.1', '2001:db8::1'],
    audience: ['orders', 'billing'],
    audiences: names,
    scope: ['read', 'write'],
    scopes: [...SCOPES],
    trust_token: tokens,
    value: identifiers,
    identifier: identifiers,
    password: ['violet-otter-battery', 'another good one 7', 'password'],
    roles: ['reader', 'writer'],
    values: ['reader', 'writer'],
    name: [...names, freshName('made')],
    service: names,
    certificate_names: ['spiffe://example.org/a', 'a.example.org'],
    key_id: services.map(({ keyId }) => keyId),
    alg: ['', 'EdDSA', 'ES256'],
    kid: keys.map(({ kid }) => kid),
    code: [`tc_${'0'.repeat(49)}`, newSignInCode(repeatableRandom('mutated'))],
    code_verifier: ['v'.repeat(43)],
    return_to: ['https://app.example/cb', 'http://localhost/auth/callback'],
    page_token: ['', page.nextPageToken],
    action: ['', 'session.created'],
  };
}

/** Resident memory in KiB; 0 where the system does not tell. */
function residentKib(server: ServerProcess): number {
  const path = `/proc/${server.pid()}/status`;
  return existsSync(path) ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(path, 'utf8'))?.[1] ?? 0) : 0;
}
