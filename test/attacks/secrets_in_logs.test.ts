// P1, SEC-5, AUD-2, ERR-6: canaries in every field that can hold a secret, errors of every kind, then everything that the server wrote is searched.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { digestOf } from '../../server/src/kernel/secret.ts';
import { visit } from '../conformance/hosted_page.ts';
import { type CallOptions, type Outcome, RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';

type Canary = {
  readonly name: string;
  readonly text: string /** Facts of people: the database holds them, nothing else does. */;
  readonly stored?: true;
};

const RETURN_TO = 'http://localhost/auth/callback';
const word = () => randomBytes(9).toString('hex');

/** The spellings in which a text could stand in a file. */
function spellings(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const trimmed = (encoded: string) => encoded.replaceAll('=', '').slice(0, -2);
  return [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    bytes.toString('hex'),
    trimmed(bytes.toString('base64')),
    trimmed(bytes.toString('base64url')),
  ];
}

function found(canaries: readonly Canary[], where: string, content: string | Buffer): string[] {
  const haystack = typeof content === 'string' ? Buffer.from(content) : content;
  return canaries
    .filter(({ text }) => spellings(text).some((one) => haystack.includes(one)))
    .map(({ name }) => `${name} in ${where}`);
}

describe('attack: secrets in logs', function () {
  this.timeout(90_000);
  const canaries: Canary[] = [];
  const refusals: string[] = [];
  const pages: string[] = [];
  let server: ServerProcess;
  let rpc: RpcCaller;
  let handle = '';

  const plant = (name: string, text: string, stored?: true): string => {
    canaries.push(stored === undefined ? { name, text } : { name, text, stored });
    return text;
  };

  /** What a failed call told, down to the bytes of its trailer. */
  const note = (outcome: Outcome<unknown>): void => {
    if (outcome.failure === undefined) return;
    const { error, ...failure } = outcome.failure;
    const trailers = Object.values(error.metadata.toHttp2Headers()).map(String);
    const details = error.metadata.get('grpc-status-details-bin').map((bytes) => bytes.toString('latin1'));
    refusals.push(JSON.stringify(failure), error.message, ...trailers, ...details);
  };
  const call: RpcCaller['call'] = async (service, method, request, options) => {
    const outcome = await rpc.call(service, method, request, options);
    note(outcome);
    return outcome;
  };
  /** The database with its write-ahead log. */
  const databaseFiles = (): Buffer => {
    const files = readdirSync(server.dataDir).filter((name) => name.startsWith('trust-layer.db'));
    return Buffer.concat(files.map((name) => readFileSync(join(server.dataDir, name))));
  };
  const open = () => new Database(join(server.dataDir, 'trust-layer.db'));

  before(async () => {
    server = await startServer({ env: { TRUST_LOG_LEVEL: 'trace', TRUST_REFLECTION: 'on' } });
    rpc = new RpcCaller(server.grpcAddress, plant('service key', server.serviceKey));
    plant('secret part of the service key', server.serviceKey.slice(21));
    plant('master key', readFileSync(join(server.dataDir, 'master-key'), 'utf8').trim());
    await useEverything();
    await provokeErrors();
    await breakTheDatabase();
    await server.stop();
  });
  after(() => server?.remove());

  const metadata = (): CallOptions => ({
    metadata: [
      ['x-canary', plant('metadata', word())],
      ['cookie', `__Host-session_id=${plant('cookie of a call', word())}`],
      ['trust-token', plant('trust-token metadata', `eyJ${word()}.eyJ${word()}.${word()}`)],
      ['x-canary-bin', plant('binary metadata', word())],
    ],
  });
  const device = () => ({
    userAgent: plant('user agent', word(), true),
    ipAddress: '192.0.2.7',
    label: plant('label', word(), true),
  });
  const challenge = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');

  async function newCode(page: 'sign-in' | 'sign-up', verifier: string, identifier: string, password: string) {
    const query = {
      return_to: RETURN_TO,
      state: plant('state', `state-${word()}`),
      code_challenge: challenge(verifier),
      code_challenge_method: 'S256',
    };
    const { code } = await visit({
      page,
      publicUrl: server.publicUrl,
      query,
      identifier,
      password,
      displayName: plant('display name', word(), true),
    });
    assert.notEqual(code, '');
    return plant('sign-in code', code);
  }

  /** Each secret in the way that it is meant to be used. */
  async function useEverything(): Promise<void> {
    const email = plant('identifier', `${word()}@example.com`, true);
    const password = plant('password', `violet ${word()}`);
    const person = { identifierType: IdentifierType.EMAIL, identifier: email, password, device: device() };
    const up = await rpc.ok('PasswordService', 'signUpWithPassword', { ...person, displayName: 'Ada' }, metadata());
    const into = await rpc.ok('PasswordService', 'signInWithPassword', person, metadata());
    for (const { sessionId } of [up, into]) plant('session_id', sessionId);
    handle = into.session?.handle ?? '';
    const identityId = into.identity?.id ?? '';
    const rotated = await rpc.ok('SessionService', 'rotateSession', { sessionId: into.sessionId });
    const sessionId = plant('rotated session_id', rotated.sessionId);
    const context = { canary: plant('context of a token', word()) };
    const issued = await rpc.ok('TrustTokenService', 'issueTrustToken', {
      sessionId,
      audience: 'dev',
      transactionContext: context,
    });
    const exchanged = await rpc.ok('TrustTokenService', 'exchangeTrustToken', {
      trustToken: issued.trustToken,
      audience: 'orders',
    });
    for (const { trustToken } of [issued, exchanged]) {
      plant('Trust Token', trustToken);
      for (const part of trustToken.split('.').slice(1)) plant('part of a Trust Token', part);
    }
    const created = await rpc.ok('ServiceKeyService', 'createServiceKey', { service: 'orders' });
    plant('new service key', created.serviceKey);
    const replaced = await rpc.ok('ServiceKeyService', 'rotateServiceKey', {
      keyId: created.key?.id ?? '',
      overlapSeconds: 0,
    });
    plant('rotated service key', replaced.serviceKey);
    await rpc.ok('PasswordService', 'setPassword', { identityId, password: plant('password set', `otter ${word()}`) });

    const visitor = plant('identifier on the page', `${word()}@example.com`, true);
    const typed = plant('password on the page', `battery ${word()}`);
    const verifier = plant('verifier', `${word()}${word()}${word()}`);
    const code = await newCode('sign-up', verifier, visitor, typed);
    const request = { code, codeVerifier: verifier, returnTo: RETURN_TO, device: device() };
    plant('session_id of the flow', (await rpc.ok('SignInService', 'exchangeSignInCode', request)).sessionId);
    note(await rpc.call('SignInService', 'exchangeSignInCode', request));
    await newCode('sign-in', verifier, visitor, typed);
  }

  /** Each secret where it is refused: malformed, too long, in the wrong place. */
  async function provokeErrors(): Promise<void> {
    const real = canaries.find(({ name }) => name === 'rotated session_id')?.text ?? '';
    const nearly = [
      `${real} `,
      ` ${real}`,
      real.slice(0, -1),
      `${real}0`,
      real.toLowerCase(),
      real.replace('ts_', 'tc_'),
      `${real}\n`,
    ];
    const secrets = [
      ...nearly,
      plant('malformed session_id', `ts_${word()}`),
      plant('long session_id', word().repeat(20)),
      // Like no secret, so that no mask of secrets hides it.
      plant('refused text', `? ${word()}!`),
      'x',
    ];
    for (const sessionId of secrets) {
      await call('SessionService', 'verify', { sessionId }, metadata());
      await call('AuditService', 'explainSession', { target: { $case: 'sessionId', value: sessionId } }, metadata());
      await call('SessionService', 'batchVerify', { sessionIds: [sessionId] });
      await call('SessionService', 'revokeSession', { target: { $case: 'sessionId', value: sessionId } });
      await call('SessionService', 'revokeSession', { target: { $case: 'handle', value: sessionId } });
      await call('SessionService', 'rotateSession', { sessionId });
      await call('SessionService', 'createSession', { identityId: sessionId, amr: [sessionId], acr: sessionId });
      await call('SessionService', 'listSessions', { identityId: sessionId, pageToken: sessionId });
      await call('TrustTokenService', 'issueTrustToken', { sessionId, audience: 'orders', scope: [sessionId] });
      await call('TrustTokenService', 'exchangeTrustToken', { trustToken: sessionId, audience: 'orders' });
      await call('SignInService', 'exchangeSignInCode', {
        code: sessionId,
        codeVerifier: sessionId,
        returnTo: sessionId,
      });
      await call('IdentityService', 'findIdentity', { type: IdentifierType.EMAIL, value: sessionId });
      await call('ServiceKeyService', 'putService', { name: sessionId, scopes: [sessionId] });
      await call('SigningKeyService', 'retireSigningKey', { kid: sessionId });
      await call('TenantService', 'getTenant', { tenantId: sessionId });
      await call('AuditService', 'listAuditEvents', { action: sessionId.slice(0, 60), pageToken: sessionId });
      await call('SessionService', 'verify', { sessionId }, { authorization: `Bearer ${sessionId.trim()}` });
    }
    for (const password of ['short', 'password', word(), `weak ${word()}`, word().repeat(80)]) {
      if (password.length > 8 && password !== 'password') plant('refused password', password);
      const identifier = plant('refused identifier', `${word()}@example.com`);
      const person = { identifierType: IdentifierType.EMAIL, identifier, password };
      await call('PasswordService', 'signInWithPassword', person);
      if (password === 'password') await call('PasswordService', 'signUpWithPassword', person);
      await call('PasswordService', 'signUpWithPassword', {
        ...person,
        identifier: plant('malformed identifier', `@${word()}`),
      });
    }
    for (const key of [`tlk_${word()}`, plant('foreign bearer', word())]) {
      note(await rpc.call('SessionService', 'verify', {}, { authorization: `Bearer ${plant('bad key', key)}` }));
      note(
        await rpc.call('SessionService', 'verify', {}, { authorization: `Basic ${plant('basic', `${word()}${key}`)}` }),
      );
    }
    const token = canaries.find(({ name }) => name === 'Trust Token')?.text ?? '';
    for (const broken of [`${token}A`, token.slice(0, -4), token.replace('.', '..'), ` ${token}`]) {
      await call('TrustTokenService', 'exchangeTrustToken', { trustToken: broken, audience: 'orders' });
    }
    const bytes = Buffer.from(plant('unreadable message', word()));
    note(await rpc.raw('/trust.v1.SessionService/Verify', Buffer.concat([Buffer.from([0x12, 0x7f]), bytes])));
    await provokePages(real);
  }

  async function provokePages(real: string): Promise<void> {
    const query = () =>
      `?return_to=${encodeURIComponent(plant('return_to', `https://${word()}.example/`))}&code=${plant('query', word())}&session_id=${real}`;
    const headers = () => ({
      cookie: `trust_txn=${plant('transaction cookie', word())}; session_id=${real}`,
      authorization: `Bearer ${plant('authorization header', word())}`,
      'x-forwarded-for': plant('forwarded header', word()),
      referer: `https://app.example/?token=${plant('referer', word())}`,
      'user-agent': plant('user-agent header', word()),
      'sec-fetch-site': 'same-origin',
    });
    const get = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(`${server.publicUrl}${path}`, { headers: headers(), redirect: 'manual', ...init });
      pages.push(JSON.stringify([...response.headers]), await response.text());
    };
    for (const path of [
      '/',
      '/sign-in',
      '/sign-up',
      '/nothing',
      '/.well-known/jwks.json',
      `/sign-in/${real}`,
      `/${server.serviceKey}`,
    ]) {
      await get(path + query());
    }
    const post = (path: string, body: string, type = 'application/x-www-form-urlencoded') =>
      get(path + query(), { method: 'POST', headers: { ...headers(), 'content-type': type }, body });
    for (const path of ['/sign-in', '/sign-up', '/nothing']) {
      const field = () =>
        `identifier=${plant('form identifier', word())}%40example.com&password=${plant('form password', word())}`;
      await post(path, field());
      await post(
        path,
        `${field()}&form_token=${plant('form token', word())}&return_to=${encodeURIComponent(RETURN_TO)}`,
      );
      await post(path, `${field()}&${field()}`);
      await post(path, `${field()}&%ff=1`);
      await post(path, field().padEnd(40_000, 'x'));
      await post(path, JSON.stringify({ password: plant('JSON password', word()) }), 'application/json');
    }
  }

  /** Failures inside: tables that are gone, and a stored hash that is none. Drivers and the ORM quote statements with their values. */
  async function breakTheDatabase(): Promise<void> {
    const email = canaries.find(({ name }) => name === 'identifier')?.text ?? '';
    const password = plant('password while the database fails', `failing ${word()}`);
    const person = { identifierType: IdentifierType.EMAIL, identifier: email, password, device: device() };
    const database = open();
    database.exec("update password set hash = 'no hash'");
    await call('PasswordService', 'signInWithPassword', person);
    for (const table of ['session', 'password', 'sign_in_code', 'identity', 'audit_event', 'service_key']) {
      database.exec(`alter table ${table} rename to ${table}_gone`);
      const real = canaries.find(({ name }) => name === 'session_id')?.text ?? '';
      const code = canaries.find(({ name }) => name === 'sign-in code')?.text ?? '';
      await call('SessionService', 'verify', { sessionId: real });
      await call('AuditService', 'explainSession', { target: { $case: 'sessionId', value: real } });
      await call('SessionService', 'rotateSession', { sessionId: real });
      await call('SessionService', 'revokeSession', { target: { $case: 'sessionId', value: real } });
      await call('PasswordService', 'signInWithPassword', person);
      await call('PasswordService', 'signUpWithPassword', {
        ...person,
        identifier: plant('identifier of a failure', `${word()}@example.com`, true),
      });
      await call('SignInService', 'exchangeSignInCode', { code, codeVerifier: 'v'.repeat(43), returnTo: RETURN_TO });
      database.exec(`alter table ${table}_gone rename to ${table}`);
    }
    database.close();
  }

  it('the errors were provoked: the log tells of failures inside, and of each call', () => {
    const output = server.output();
    assert.match(output, /"A call failed unexpectedly\."/);
    assert.match(output, /"A call failed for a reason behind it\."/);
    assert.match(output, /SessionService\/Verify/);
    assert.match(output, /page_refused/);
    assert.match(output, /"event":"ready"/, 'nothing of the log was let go');
    assert.ok(canaries.length > 200, String(canaries.length));
    assert.ok(refusals.length > 400);
    const reasons = new Set(refusals.flatMap((text) => /"reason":"([A-Z_]+)"/.exec(text)?.[1] ?? []));
    for (const reason of ['INTERNAL', 'DATABASE_UNAVAILABLE', 'INVALID_FIELD', 'SERVICE_KEY_REJECTED', 'WEAK_PASSWORD'])
      assert.ok(reasons.has(reason), reason);
  });

  it('SEC-5 standard output and standard error hold none', () => {
    assert.deepEqual(found(canaries, 'the log', server.output()), []);
  });

  it('ERR-6 the status, details and trailers of refused calls hold none', () => {
    assert.deepEqual(found(canaries, 'an error', refusals.join('\n')), []);
  });

  it('pages and their headers hold none', () => {
    // A page shows again what the person typed as name; a password never.
    // The links to other languages keep where the person came from.
    const hidden = canaries.filter(({ name }) => name !== 'form identifier' && name !== 'return_to');
    assert.deepEqual(found(hidden, 'a page', pages.join('\n')), []);
  });

  it('SEC-5 no file of the database holds one in the clear', () => {
    const secrets = canaries.filter(
      ({ name, stored }) => stored === undefined && name !== 'return_to' && name !== 'state',
    );
    assert.deepEqual(found(secrets, 'the database', databaseFiles()), []);
  });

  it('AUD-2 the audit trail holds neither secrets nor identifiers', () => {
    const database = open();
    const rows = JSON.stringify(database.prepare('select * from audit_event').all());
    const feed = JSON.stringify(database.prepare('select * from change').all());
    database.close();
    assert.match(rows, new RegExp(handle));
    assert.deepEqual(found(canaries, 'the audit trail', rows), []);
    assert.deepEqual(found(canaries, 'the change feed', feed), []);
  });

  it('health and reflection hold none', async () => {
    await server.restart();
    const bytes: Buffer[] = [];
    for (const path of ['/grpc.health.v1.Health/Check', '/grpc.health.v1.Health/List']) {
      bytes.push((await rpc.raw(path, Buffer.alloc(0))).value ?? Buffer.alloc(0));
    }
    // list_services is field 7 of the request.
    const reflected = await rpc.raw(
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      Buffer.from([0x3a, 0x01, 0x2a]),
    );
    bytes.push(reflected.value ?? Buffer.alloc(0));
    assert.match(Buffer.concat(bytes).toString('latin1'), /trust\.v1\.SessionService/);
    assert.deepEqual(found(canaries, 'health or reflection', Buffer.concat(bytes)), []);
  });

  it('the search can find: what may stand there is found', () => {
    const known = [
      {
        name: 'digest',
        text: digestOf('session_id', canaries.find(({ name }) => name === 'rotated session_id')?.text ?? ''),
      },
      ...canaries.filter(({ name }) => name === 'identifier'),
    ];
    assert.equal(found(known, 'the database', databaseFiles()).length, known.length);
    const secret = canaries[0]?.text ?? '';
    for (const spelling of spellings(secret)) assert.equal(found(canaries.slice(0, 1), 'x', `…${spelling}…`).length, 1);
  });
});
