import assert from 'node:assert/strict';
import { formatAddress, isLoopback, parseAddress } from './address.ts';
import { ConfigError, readConfig } from './config.ts';
import { configText, describeConfig } from './describe.ts';
import { cores, SETTINGS } from './settings.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const production = (env: Record<string, string> = {}) => readConfig({ TRUST_MASTER_KEY: KEY, ...env }, { dev: false });

function problems(env: Record<string, string>, dev = true): readonly string[] {
  try {
    readConfig(env, { dev });
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
}

describe('config', () => {
  it('has a default for everything in development, and is frozen', () => {
    const config = readConfig({}, { dev: true });
    assert.ok(Object.isFrozen(config));
    assert.equal(config.databaseUrl, 'file:./data/trust-layer.db');
    assert.deepEqual(config.grpcAddress, { host: '127.0.0.1', port: 50051 });
    assert.equal(config.publicUrl, 'http://localhost:8080', 'a name, for passkeys');
    assert.equal(config.reflection, true);
    assert.equal(config.masterKey, undefined);
    assert.equal(config.argon2MemoryKib, 19_456);
  });

  it('puts the database into the data folder and the public URL onto the HTTP address', () => {
    const config = readConfig(
      { TRUST_DATA_DIR: '/var/lib/trust/', TRUST_HTTP_ADDRESS: '127.0.0.1:9000' },
      { dev: true },
    );
    assert.equal(config.databaseUrl, 'file:/var/lib/trust/trust-layer.db');
    assert.equal(config.publicUrl, 'http://localhost:9000');
    assert.equal(readConfig({ TRUST_HTTP_ADDRESS: '[::1]:9000' }, { dev: true }).publicUrl, 'http://localhost:9000');
    assert.equal(production({ TRUST_HTTP_ADDRESS: '[::1]:9000' }).publicUrl, 'http://[::1]:9000');
  });

  it('asks for a master key in production, of 32 bytes, from one place', () => {
    assert.deepEqual(production().masterKey, Buffer.alloc(32, 7));
    assert.equal(production().reflection, false);
    assert.match(problems({}, false).join(), /TRUST_MASTER_KEY or TRUST_MASTER_KEY_FILE must be set/);
    assert.equal(readConfig({}, { dev: false, masterKey: 'optional' }).masterKey, undefined);
    const file = (text: string) =>
      readConfig(
        { TRUST_MASTER_KEY_FILE: '/run/key' },
        { dev: false, readFile: (path) => (path === '/run/key' ? text : '') },
      );
    assert.deepEqual(file(`${KEY}\n`).masterKey, Buffer.alloc(32, 7));
    assert.throws(() => file('short'), /TRUST_MASTER_KEY_FILE: the file must be the base64 form of 32 bytes/);
    assert.match(problems({ TRUST_MASTER_KEY: KEY, TRUST_MASTER_KEY_FILE: '/x' }).join(), /must not both be set/);
    assert.match(problems({ TRUST_MASTER_KEY_FILE: '/nowhere/at/all' }).join(), /cannot be read \(ENOENT\)/);
  });

  it('MAIL-4 takes an SMTP server whole, and asks for TLS beyond loopback', () => {
    const smtp = (env: Record<string, string>) => production({ TRUST_MAIL_FROM: 'no-reply@example.com', ...env }).smtp;
    const tls = (url: string, env = {}) => smtp({ TRUST_SMTP_URL: url, ...env })?.tls;
    assert.equal(production().smtp, undefined);
    assert.deepEqual(
      ['smtp://localhost', 'smtp://127.0.0.1:2525', 'smtp://[::1]:25'].map((url) => tls(url)),
      Array(3).fill('off'),
    );
    assert.equal(tls('smtp://ada:p%40w@mail.example.com:587'), 'required');
    assert.equal(tls('smtp://localhost.example.com'), 'required');
    assert.equal(tls('smtp://mail', { TRUST_SMTP_ALLOW_PLAINTEXT: 'beyond-loopback' }), 'offered');
    assert.match(
      problems({ TRUST_SMTP_URL: 'smtp://mail' }).join(),
      /TRUST_MAIL_FROM must be set when TRUST_SMTP_URL is/,
    );
    assert.match(problems({ TRUST_MAIL_FROM: 'a@b.c' }).join(), /TRUST_SMTP_URL must be set when TRUST_MAIL_FROM is/);
    for (const url of [
      'mail:25',
      'http://mail',
      'smtp://',
      'smtp://a:%ZZCANARY@mail',
      'smtp://mail/path',
      'smtp://mail?a=b',
    ]) {
      const found = problems({ TRUST_SMTP_URL: url, TRUST_MAIL_FROM: 'a@b.c' });
      assert.match(found.join(), /^TRUST_SMTP_URL must be smtp:/, url);
      assert.doesNotMatch(found.join(), /CANARY/);
    }
    for (const from of ['Ada <a@b.c>', 'a@b.c,d@e.f', 'a', 'a@b.c\n']) {
      assert.match(
        problems({ TRUST_SMTP_URL: 'smtp://mail', TRUST_MAIL_FROM: from }).join(),
        /^TRUST_MAIL_FROM must/,
        from,
      );
    }
  });

  it('tells every mistake at once, each with its variable, and no secret', () => {
    const secret = 'postgers://user:CANARY@db/x';
    const found = problems(
      {
        DATABASE_URL: secret,
        TRUST_MASTER_KEY: 'CANARY',
        TRUST_GRPC_ADDRESS: 'nowhere',
        TRUST_DEADLINE_MS: '99',
        TRUST_SIGNING_ALG: 'none',
        TRUST_GRPC_ADRESS: '127.0.0.1:1',
        TRUST_ANYTHING: 'CANARY',
      },
      false,
    );
    for (const name of [
      'DATABASE_URL',
      'TRUST_MASTER_KEY',
      'TRUST_GRPC_ADDRESS',
      'TRUST_DEADLINE_MS',
      'TRUST_SIGNING_ALG',
      'TRUST_ANYTHING',
    ]) {
      assert.equal(found.filter((problem) => problem.startsWith(`${name} `)).length, 1, name);
    }
    assert.match(found.join('\n'), /TRUST_GRPC_ADRESS is not a setting \(did you mean TRUST_GRPC_ADDRESS\?\)/);
    assert.equal(found.length, 7);
    assert.equal(found.join().includes('CANARY'), false);
  });

  it('ignores other variables and those of clients, and takes empty ones as unset', () => {
    assert.deepEqual(
      problems({ PATH: '/bin', TRUST_SERVICE_KEY: 'tlk_x', TRUST_ADDRESS: 'x:1', TRUST_LOG_LEVEL: '' }),
      [],
    );
  });

  it('takes several workers for a database server alone, and shares the cores for hashing among them', () => {
    const server = { DATABASE_URL: 'postgres://db/trust' };
    assert.equal(readConfig(server, { dev: true }).workers, 1);
    assert.equal(readConfig({ ...server, TRUST_WORKERS: '128' }, { dev: true }).workers, 128);
    assert.equal(readConfig({ ...server, TRUST_WORKERS: '128' }, { dev: true }).hashConcurrency, 1);
    assert.equal(readConfig({ ...server, TRUST_WORKERS: 'cores' }, { dev: true }).workers, cores);
    assert.equal(readConfig(server, { dev: true }).hashConcurrency, cores);
    assert.equal(readConfig({ ...server, TRUST_HASH_CONCURRENCY: '7' }, { dev: true }).hashConcurrency, 7);
    for (const workers of ['0', '129', '-1', 'all'])
      assert.match(problems({ ...server, TRUST_WORKERS: workers }).join(), /TRUST_WORKERS must be a whole number/);
    for (const DATABASE_URL of ['', 'file:data/x.db', 'sqlite:x.db'])
      assert.match(
        problems({ DATABASE_URL, TRUST_WORKERS: '2' }).join(),
        /TRUST_WORKERS is 2, but one process alone may open an embedded database file/,
      );
    assert.deepEqual(problems({ DATABASE_URL: 'file:x.db', TRUST_WORKERS: '1' }), []);
  });

  it('refuses plain text beyond loopback unless told in the exact words, or with TLS', () => {
    const address = { TRUST_GRPC_ADDRESS: '0.0.0.0:50051' };
    assert.match(problems(address).join(), /beyond loopback .* in the clear/);
    assert.match(
      problems({ ...address, TRUST_ALLOW_PLAINTEXT: 'yes' }).join(),
      /TRUST_ALLOW_PLAINTEXT must be beyond-loopback/,
    );
    assert.deepEqual(problems({ ...address, TRUST_ALLOW_PLAINTEXT: 'beyond-loopback' }), []);
    const tls = { TRUST_TLS_CERT_FILE: 'a', TRUST_TLS_KEY_FILE: 'b' };
    assert.deepEqual(problems({ ...address, ...tls }), []);
    assert.match(problems({ TRUST_TLS_CERT_FILE: 'a' }).join(), /TRUST_TLS_KEY_FILE must be set/);
    assert.match(problems({ TRUST_TLS_KEY_FILE: 'a' }).join(), /TRUST_TLS_CERT_FILE must be set/);
    assert.match(problems({ TRUST_TLS_CLIENT_CA_FILE: 'a' }).join(), /needs TRUST_TLS_CERT_FILE/);
    assert.deepEqual(readConfig({ ...tls, TRUST_TLS_CLIENT_CA_FILE: 'c' }, { dev: true }).tls, {
      certFile: 'a',
      keyFile: 'b',
      clientCaFile: 'c',
    });
  });

  it('wants https for the public URL beyond loopback, and nothing but an origin', () => {
    const url = (text: string) => problems({ TRUST_PUBLIC_URL: text });
    assert.deepEqual(
      [url('https://login.example.com'), url('http://localhost:8080/'), url('http://[::1]:8080')],
      [[], [], []],
    );
    assert.match(url('http://login.example.com').join(), /must be https beyond loopback/);
    for (const wrong of [
      'login.example.com',
      'https://a/b',
      'https://u:p@a',
      'https://a?x',
      'https://a#x',
      'ftp://a',
    ]) {
      assert.equal(url(wrong).length, 1, wrong);
    }
    assert.equal(
      readConfig({ TRUST_PUBLIC_URL: 'https://LOGIN.example.com:443/' }, { dev: true }).publicUrl,
      'https://login.example.com',
    );
    assert.match(
      problems({ TRUST_MASTER_KEY: KEY, TRUST_HTTP_ADDRESS: '0.0.0.0:80' }, false).join(),
      /TRUST_PUBLIC_URL must be set/,
    );
    assert.equal(readConfig({ TRUST_HTTP_ADDRESS: '0.0.0.0:80' }, { dev: true }).publicUrl, 'http://localhost:80');
  });

  it('holds numbers and lists to their bounds', () => {
    const bounds: [string, string[], string[]][] = [
      ['TRUST_SIGNING_ROTATION_DAYS', ['0', '1', '365'], ['366', '-1', '1.5', '', ' 1', 'x'].filter(Boolean)],
      ['TRUST_MAX_CONNECTION_AGE_S', ['0', '10', '86400'], ['9', '86401']],
      ['TRUST_ARGON2_MEMORY_KIB', ['19456'], ['19455']],
      ['TRUST_TRUSTED_PROXIES', ['10.0.0.0/8, ::1', '::/0'], ['10.0.0.0/33', 'proxy', '1.2.3.4/8/8']],
      ['TRUST_REFLECTION', ['on', 'off'], ['true']],
      ['TRUST_CONFIRM_LEAVING', ['on', 'off'], ['yes']],
      [
        'TRUST_CSP_REPORT_URL',
        ['https://reports.example/csp?app=1'],
        ['http://reports.example/', 'https://r.example/;script-src *', 'https://r.example/, *', 'https://r.example'],
      ],
    ];
    for (const [name, good, bad] of bounds) {
      for (const text of good) assert.deepEqual(problems({ [name]: text }), [], `${name}=${text}`);
      for (const text of bad) assert.equal(problems({ [name]: text }).length, 1, `${name}=${text}`);
    }
    assert.deepEqual(readConfig({ TRUST_TRUSTED_PROXIES: '10.0.0.0/8, ::1' }, { dev: true }).trustedProxies, [
      '10.0.0.0/8',
      '::1',
    ]);
  });

  it('reads addresses with names, IPv4 and IPv6, and knows loopback', () => {
    for (const text of ['localhost:1', '127.0.0.1:0', '[::1]:50051', 'trust-layer.example:65535']) {
      const address = parseAddress(text);
      assert.ok(address, text);
      assert.equal(formatAddress(address), text);
    }
    for (const text of ['', 'host', ':1', 'host:', 'host:65536', '::1:5', '[host]:1', 'a b:1', 'user@host:1']) {
      assert.equal(parseAddress(text), undefined, text);
    }
    assert.deepEqual(['127.0.0.1', '127.8.8.8', '::1', 'localhost'].map(isLoopback), [true, true, true, true]);
    assert.deepEqual(['0.0.0.0', '::', '10.0.0.1', '127.evil.example', '128.0.0.1'].map(isLoopback), [
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('describes every setting with its value in force, secrets as set or unset only', () => {
    const env = {
      DATABASE_URL: 'postgres://user:CANARY@db/x',
      TRUST_MASTER_KEY: KEY,
      TRUST_GRPC_ADDRESS: '127.0.0.1:7',
      TRUST_TRUSTED_PROXIES: '::1',
    };
    const lines = describeConfig(env, readConfig(env, { dev: false }));
    const shown = Object.fromEntries(lines.map(({ name, value }) => [name, value]));
    assert.equal(lines.length, Object.keys(SETTINGS).length);
    assert.ok(lines.every(({ description }) => description.endsWith('.')));
    assert.deepEqual([shown.DATABASE_URL, shown.TRUST_MASTER_KEY], ['set', 'set']);
    assert.deepEqual(
      [shown.TRUST_GRPC_ADDRESS, shown.TRUST_TRUSTED_PROXIES, shown.TRUST_REFLECTION],
      ['127.0.0.1:7', '::1', 'off'],
    );
    assert.equal(describeConfig({}).find(({ name }) => name === 'DATABASE_URL')?.value, 'unset');
    const text = configText(lines);
    assert.equal(text.includes('CANARY') || text.includes(KEY) || JSON.stringify(lines).includes(KEY), false);
    assert.ok(text.split('\n').every((line) => line.length <= 140));
  });

  it('reads a users table, and refuses names that are no identifiers', () => {
    const table = {
      TRUST_USERS_TABLE: 'app.people',
      TRUST_USERS_HASH: 'bcrypt, scrypt',
      TRUST_USERS_COLUMNS: 'id=nr, identifier=mail,password=pw,metadata.plan=plan',
    };
    const { users } = readConfig(table, { dev: true });
    assert.deepEqual(users, {
      databaseUrl: 'file:./data/trust-layer.db',
      table: ['app', 'people'],
      columns: { id: 'nr', identifier: 'mail', password: 'pw', 'metadata.plan': 'plan' },
      type: 'email',
      kinds: ['bcrypt', 'scrypt'],
      anyCase: true,
      move: false,
    });
    assert.equal(readConfig({}, { dev: true }).users, undefined);
    for (const [name, text] of [
      ['TRUST_USERS_TABLE', 'people; drop table session'],
      ['TRUST_USERS_TABLE', 'a.b.c'],
      ['TRUST_USERS_TABLE', '"people"'],
      ['TRUST_USERS_COLUMNS', 'id=nr,identifier=mail'],
      ['TRUST_USERS_COLUMNS', 'id=nr,identifier=mail,password=(select 1)'],
      ['TRUST_USERS_COLUMNS', 'id=nr,id=no,identifier=mail,password=pw'],
      ['TRUST_USERS_HASH', 'md5'],
      ['TRUST_USERS_HASH', ''],
      ['TRUST_USERS_MODE', 'write'],
    ] as const) {
      const problems = refusal({ ...table, [name]: text });
      assert.ok(
        problems.some((problem) => problem.startsWith(name)),
        `${name} ${text}: ${problems}`,
      );
    }
    assert.ok(refusal({ TRUST_USERS_HASH: 'bcrypt' }).some((problem) => /need TRUST_USERS_TABLE/.test(problem)));
  });
});

function refusal(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env, { dev: true });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
  }
  return [];
}
