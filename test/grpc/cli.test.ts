import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CliActions } from '../../server/src/cli/actions.ts';
import { buildCli, runCli } from '../../server/src/cli/cli.ts';
import { ConfigError } from '../../server/src/config/config.ts';
import { TrustError } from '../../server/src/errors/trust_error.ts';
import { Authority } from './certificates.ts';
import { cleanUp, start } from './fixture.ts';

type Given = { env?: Record<string, string>; stdin?: string; actions?: Partial<CliActions> };

/** Runs the command line with its own world. */
async function trustLayer(args: readonly string[], { env = {}, stdin = '', actions = {} }: Given = {}) {
  const asked: unknown[] = [];
  const remember =
    <T>(answer: T) =>
    async (options: unknown) => {
      asked.push(options);
      return answer;
    };
  const all: CliActions = {
    serve: remember(undefined),
    migrate: remember({ database: 'sqlite', applied: ['0001_first'] }),
    planMigrations: remember({ database: 'sqlite', plan: [{ name: '0002_next', sql: ['create table t (a text);'] }] }),
    copy: remember({ from: 'libsql', to: 'postgresql', finished: true, passes: 2, tables: [] }),
    doctor: remember({ database: 'libsql', findings: [{ check: 'clock', ok: true, found: '1 ms ahead' }] }),
    outbox: remember({ mails: [] }),
    previewMails: remember([{ mail: 'new_device', own: true, subject: 'Hi', text: 'Text\n', html: '<p>Html</p>' }]),
    createServiceKey: remember({ id: 'abc', key: 'tlk_abc' }),
    rotateSigningKey: remember({ kid: 'sgk_1', alg: 'EdDSA', state: 'pending' }),
    resetSigningKeys: remember({ kid: 'sgk_2', alg: 'ES256', state: 'active' }),
    tenants: {
      create: remember({ publicUrl: 'https://acme.example', serviceKey: 'tlk_acme' }),
      list: remember([{ id: 'acme', publicUrl: 'https://acme.example', displayName: 'Acme Ltd', suspendedAt: 5 }]),
      suspend: remember(undefined),
      resume: remember(undefined),
    },
    audit: {
      verify: remember({ tenants: [], unchained: { events: 0, oldest: undefined } }),
      export: async (options, write) => {
        asked.push(options);
        await write('{"trust_audit":1}\n');
      },
      checkpoints: remember(['a.b.c']),
      keys: remember({ keys: [{ kty: 'OKP' }] }),
    },
    ...actions,
  };
  let out = '';
  let err = '';
  const io = {
    env,
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    readStdin: async () => stdin,
  };
  const code = await runCli(buildCli(all, io), args, io);
  return { code, out, err, asked };
}

describe('command line', function () {
  this.timeout(30_000);
  afterEach(cleanUp);
  const verify = async (request: { sessionId: string; consistency: number }) => ({
    verdict: {
      answer: {
        $case: 'rejected',
        value: { reason: request.sessionId === 'ts_x' && request.consistency === 2 ? 4 : 2 },
      },
    },
  });
  const serve = () => start({ overrides: { 'SessionService/verify': verify as never } });
  const KEY = { TRUST_SERVICE_KEY: 'good' };

  it('passes what was said to the actions', async () => {
    assert.deepEqual((await trustLayer(['serve', '--dev'])).asked, [{ dev: true }]);
    assert.deepEqual((await trustLayer(['serve'])).asked, [{ dev: false }]);
    const migrated = await trustLayer(['migrate', '--json']);
    assert.deepEqual(JSON.parse(migrated.out), { database: 'sqlite', applied: ['0001_first'] });

    const planned = await trustLayer(['migrate', '--plan']);
    assert.equal(planned.out, '-- 0002_next (sqlite)\ncreate table t (a text);\n');
    const nothing = await trustLayer(['migrate', '--plan'], {
      actions: { planMigrations: async () => ({ database: 'sqlite', plan: [] }) },
    });
    assert.match(nothing.out, /^-- .* up to date: nothing would run\.\n$/);
    const key = await trustLayer([
      'service-key',
      'create',
      '--service',
      'shop',
      '--scopes',
      'sign-in, audit:read',
      '--audiences',
      'a,b',
      '--tenant',
      'acme',
    ]);
    assert.deepEqual(key.asked, [
      { dev: false, tenantId: 'acme', service: 'shop', scopes: ['sign-in', 'audit:read'], audiences: ['a', 'b'] },
    ]);
    assert.equal(key.out, 'tlk_abc\n', 'the key alone on standard output');
    const rotated = await trustLayer(['signing-key', 'rotate', '--immediate']);
    assert.deepEqual(rotated.asked, [{ dev: false, tenantId: 'default', immediate: true }]);
    assert.match(rotated.out, /sgk_1 \(EdDSA\), now pending/);
    const reset = await trustLayer(['signing-key', 'reset', '--tenant', 'acme']);
    assert.deepEqual(reset.asked, [{ dev: false, tenantId: 'acme' }]);
    assert.match(reset.out, /sgk_2 \(ES256\)/);
    const made = await trustLayer(['tenant', 'create', 'acme', '--url', 'https://acme.example']);
    assert.deepEqual(made.asked, [{ dev: false, id: 'acme', publicUrl: 'https://acme.example', displayName: '' }]);
    assert.equal(made.out, 'tlk_acme\n', 'the key alone on standard output');
    assert.match(made.err, /https:\/\/acme\.example/);
    assert.match(
      (await trustLayer(['tenant', 'list'])).out,
      /^acme {2}https:\/\/acme\.example {2}Acme Ltd {2}\(suspended since 1970-/m,
    );
  });

  it('makes master keys that the configuration takes, each another', async () => {
    const [one, two] = [await trustLayer(['keygen']), await trustLayer(['keygen'])];
    assert.notEqual(one.out, two.out);
    assert.equal((await trustLayer(['config'], { env: { TRUST_MASTER_KEY: one.out.trim() } })).code, 0);
  });

  it('shows the configuration, and fails with all problems when it is not usable', async () => {
    const good = await trustLayer(['config', '--dev', '--json'], { env: { DATABASE_URL: 'postgres://u:CANARY@db/x' } });
    assert.equal(good.code, 0);
    assert.equal(
      JSON.parse(good.out).settings.find(({ name }: { name: string }) => name === 'DATABASE_URL').value,
      'set',
    );
    const bad = await trustLayer(['config'], { env: { DATABASE_URL: 'CANARY', TRUST_FOO: '1' } });
    assert.equal(bad.code, 1);
    assert.match(bad.err, /DATABASE_URL must begin.*\n.*TRUST_MASTER_KEY or|TRUST_FOO is not a setting/s);
    assert.equal((good.out + bad.out + bad.err).includes('CANARY'), false);
  });

  it('has help for every command', async () => {
    const commands = [
      [],
      ['serve'],
      ['migrate'],
      ['config'],
      ['call'],
      ['service-key'],
      ['service-key', 'create'],
      ['signing-key', 'rotate'],
      ['signing-key', 'reset'],
      ['tenant', 'create'],
      ['tenant', 'list'],
      ['tenant', 'suspend'],
      ['tenant', 'resume'],
      ['keygen'],
      ['healthcheck'],
    ];
    for (const command of commands) {
      const { code, out } = await trustLayer([...command, '--help']);
      assert.equal(code, 0, command.join(' '));
      assert.match(out, /^Usage: trust-layer/);
    }
  });

  it('shows the mails of a development server as their reader sees them', async () => {
    const mail = {
      id: 'mai_1',
      createdAt: 0,
      template: 't',
      to: 'a@example.com',
      subject: 'Hello',
      text: 'One\n\nTwo\n',
    };
    const actions = { outbox: async () => ({ mails: [mail] }) };
    const { code, out } = await trustLayer(['outbox', '--dev'], { actions });
    assert.equal(code, 0);
    assert.equal(out, '1970-01-01T00:00:00.000Z  to a@example.com\nSubject: Hello\n\n    One\n\n    Two\n');
    assert.deepEqual(JSON.parse((await trustLayer(['outbox', '--json'], { actions })).out), { mails: [mail] });
    assert.equal((await trustLayer(['outbox'])).out, 'No mail waits.\n');
    assert.equal((await trustLayer(['outbox', '--limit', '1000'])).code, 2);
  });

  it('MAIL-18 previews mails as text, HTML or JSON', async () => {
    const { code, out, asked } = await trustLayer([
      'mail-preview',
      'new_device',
      '--language',
      'de',
      '--tenant',
      'acme',
    ]);
    assert.equal(code, 0);
    assert.equal(out, '# new_device (your words)\nSubject: Hi\n\nText\n');
    assert.deepEqual(asked, [{ dev: false, tenantId: 'acme', language: 'de', mail: 'new_device' }]);
    assert.equal((await trustLayer(['mail-preview', '--html'])).out, '<p>Html</p>');
    assert.equal(JSON.parse((await trustLayer(['mail-preview', '--json'])).out).mails[0].own, true);
  });

  it('MAIL-18 previews every mail without a database, and names what is not there', () => {
    const preview = (...args: string[]) =>
      spawnSync(process.execPath, ['server/bin/trust_layer.mjs', 'mail-preview', '--dev', ...args], {
        encoding: 'utf8',
        timeout: 30_000,
        env: { ...process.env, DATABASE_URL: 'postgres://127.0.0.1:1/none' },
      });
    for (const language of ['en', 'de', 'fr']) assert.equal(preview('--language', language).status, 0, language);
    const none = preview('nothing');
    assert.equal(none.status, 1);
    assert.match(none.stderr, /^There is no mail nothing; there are verify_email, /);
    assert.match(preview('--language', 'es').stderr, /^--language must be one of en, de, fr/);
  });

  it('MAIL-4 shows no mails of a server that is not a development server', () => {
    const args = ['server/bin/trust_layer.mjs', 'outbox'];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
    assert.equal(status, 1);
    assert.match(stderr, /^Mails hold what opens accounts, so they are shown of a development server only/);
  });

  it('ends with 2 for wrong use and 1 for failure, in one sentence without a stack', async () => {
    for (const args of [
      [],
      ['nothing'],
      ['serve', '--nothing'],
      ['service-key', 'create', '--service', 'x'],
      ['call'],
    ]) {
      const { code, err } = await trustLayer(args);
      assert.equal(code, 2, args.join(' '));
      assert.notEqual(err, '');
    }
    const scopes = await trustLayer(['service-key', 'create', '--service', 'x', '--scopes', 'everything']);
    assert.deepEqual([scopes.code, scopes.asked], [2, []]);
    const fail = (error: unknown) => trustLayer(['migrate'], { actions: { migrate: () => Promise.reject(error) } });
    const failed = await fail(new Error(`The database at postgres://u:pass@db is away.\n    at inside`));
    assert.deepEqual([failed.code, failed.err], [1, 'The database at postgres://u:[masked]@db is away.\n']);
    const config = await fail(new ConfigError(['A.', 'B.']));
    assert.deepEqual([config.code, config.err.includes('A.\n  B.')], [1, true]);
  });

  it('calls an RPC by its short, middle and whole name, with JSON from the argument or standard input', async () => {
    const { target } = await serve();
    const json = '{"session_id":"ts_x","consistency":"CONSISTENCY_STRONG"}';
    for (const name of ['Verify', 'SessionService/Verify', 'trust.v1.SessionService/Verify']) {
      const { code, out, err } = await trustLayer(['call', name, json, '--address', target, '--json'], { env: KEY });
      assert.deepEqual([code, err], [0, '']);
      assert.deepEqual(JSON.parse(out), { verdict: { rejected: { reason: 'REJECTION_REASON_REVOKED' } } });
    }
    const piped = await trustLayer(['call', 'Verify', '-', '--address', target], { env: KEY, stdin: json });
    assert.match(piped.out, /\n {2}"verdict"/);
    const byEnv = await trustLayer(['call', 'Verify'], { env: { ...KEY, TRUST_ADDRESS: target } });
    assert.match(byEnv.out, /REJECTION_REASON_UNKNOWN/);
  });

  it('says reason, code, fields and time of a refused call, and ends with 1', async () => {
    const fields = [{ field: 'session_id', description: 'must be at most 256 bytes' }];
    const server = await start({
      overrides: {
        'SessionService/verify': async () =>
          Promise.reject(new TrustError('INVALID_FIELD', { fields, retryAfterMs: 1_500 })),
      },
    });
    const refused = await trustLayer(['call', 'Verify', '--address', server.target], { env: KEY });
    assert.equal(refused.code, 1);
    assert.match(
      refused.err,
      /^INVALID_FIELD \(INVALID_ARGUMENT\): .* Fields: session_id must be at most 256 bytes\. Try again in 1\.5 s\.\n$/,
    );
    const json = await trustLayer(['call', 'Verify', '--address', server.target, '--json'], { env: KEY });
    assert.deepEqual(JSON.parse(json.err).error.fields, fields);
    const stranger = await trustLayer(['call', 'Verify', '--address', server.target]);
    assert.match(stranger.err, /^SERVICE_KEY_MISSING \(UNAUTHENTICATED\)/);
    await server.drain();
    const gone = await trustLayer(['call', 'Verify', '--address', server.target, '--timeout', '500'], { env: KEY });
    assert.deepEqual([gone.code, gone.err.includes(`No Trust Layer answers at ${server.target}`)], [1, true]);
  });

  it('names unknown RPCs, fields and files without repeating a value', async () => {
    const wrong = async (...args: string[]) => trustLayer(['call', ...args], { env: KEY });
    assert.match((await wrong('Verfy')).err, /There is no RPC Verfy \(did you mean SessionService\/Verify\?\)/);
    assert.match((await wrong('verify')).err, /did you mean SessionService\/Verify/);
    assert.match((await wrong('Watch')).err, /is a stream/);
    assert.match(
      (await wrong('Verify', '{"sesion_id":"CANARY"}')).err,
      /no field sesion_id; it has tenant_id, session_id, consistency/,
    );
    for (const json of ['{"session_id":{"a":"CANARY"}}', 'CANARY', '["CANARY"]', '{"consistency":"CANARY"}']) {
      const { code, err } = await wrong('Verify', json);
      assert.deepEqual([code, err.includes('CANARY')], [2, false], err);
    }
    assert.match((await wrong('Verify', '--key-file', '/nowhere')).err, /\/nowhere cannot be read \(ENOENT\)/);
  });

  it('SDK-5: sends no service key in plain text beyond loopback unless told to', async () => {
    const server = await start({ address: { host: '0.0.0.0', port: 0 }, allowPlaintext: true });
    // Reaches this machine, but is not among the addresses that count as loopback.
    const beyond = `[::ffff:127.0.0.1]:${server.port}`;
    const { code } = await trustLayer(['call', 'Verify', '--address', beyond, '--timeout', '1000'], { env: KEY });
    assert.deepEqual([code, server.seen.length], [1, 0]);
    const told = await trustLayer(['call', 'Verify', '--address', beyond, '--timeout', '1000', '--plaintext'], {
      env: KEY,
    });
    assert.deepEqual([told.code, server.seen.length], [0, 1]);
    const both = await trustLayer(['call', 'Verify', '--address', beyond, '--plaintext', '--tls'], { env: KEY });
    assert.equal(both.code, 2);
  });

  it('calls over TLS with an authority, a key file and a client certificate', async () => {
    const authority = new Authority();
    const pair = authority.issue('server', 'DNS:localhost,IP:127.0.0.1');
    const server = await start({ tls: { certFile: pair.cert, keyFile: pair.key, clientCaFile: authority.ca.cert } });
    const keyFile = join(authority.folder, 'key');
    writeFileSync(keyFile, 'good\n');
    const tls = ['--address', `localhost:${server.port}`, '--tls-ca', authority.ca.cert];
    assert.equal((await trustLayer(['call', 'Verify', ...tls, '--key-file', keyFile])).code, 0);
    const own = authority.issue('shop', 'URI:spiffe://example.org/shop');
    assert.equal((await trustLayer(['call', 'Verify', ...tls, '--tls-cert', own.cert, '--tls-key', own.key])).code, 0);
    assert.equal(
      (await trustLayer(['call', 'Verify', '--address', `localhost:${server.port}`, '--tls'], { env: KEY })).code,
      1,
    );
    const health = await trustLayer(['healthcheck'], {
      env: { TRUST_GRPC_ADDRESS: `0.0.0.0:${server.port}`, TRUST_TLS_CERT_FILE: pair.cert },
    });
    assert.deepEqual([health.code, health.out], [0, 'SERVING\n']);
  });

  it('asks for health: 0 only when it is SERVING', async () => {
    const server = await start({
      ping: () => Promise.reject(new Error('away')),
      pingIntervalMs: 20,
      pingToleranceMs: 100,
    });
    const ask = (...args: string[]) => trustLayer(['healthcheck', '--address', server.target, ...args]);
    assert.deepEqual([(await ask()).code, (await ask('--json')).out], [0, '{"status":"SERVING"}\n']);
    assert.equal((await ask('--service', 'nothing')).code, 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual([(await ask()).code, (await ask()).out], [1, 'NOT_SERVING\n']);
    await server.drain();
    assert.equal((await ask('--timeout', '500')).code, 1);
  });

  it('loads without starting anything', () => {
    const { stdout, status } = spawnSync(
      process.execPath,
      [
        '-e',
        `import(${JSON.stringify(new URL('../../server/src/cli/cli.ts', import.meta.url).href)}).then(() => console.log('loaded'))`,
      ],
      { encoding: 'utf8', timeout: 20_000 },
    );
    assert.deepEqual([stdout, status], ['loaded\n', 0]);
  });
});
