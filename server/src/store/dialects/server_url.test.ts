import assert from 'node:assert/strict';
import { placeOf, readServerUrl } from './server_url.ts';

const read = (url: string) => readServerUrl(url, 5432);

describe('the URL of a database server', () => {
  it('says where, who and which, and has defaults for the rest', () => {
    const address = read('postgres://us%40er:p%2Fw@db.example.com/tr%20ust');
    assert.deepEqual(address, {
      host: 'db.example.com',
      port: 5432,
      user: 'us@er',
      password: 'p/w',
      database: 'tr ust',
      socket: undefined,
      tls: undefined,
      schema: undefined,
      pool: 10,
      readers: 4,
      statementMs: 5_000,
      transactionMs: 10_000,
    });
    assert.equal(placeOf(address), 'db.example.com:5432/tr ust');
    assert.equal(placeOf(read('mysql://u:p@[::1]:3307/d')), '[::1]:3307/d');
    assert.equal(placeOf(read('mysql:///d?socket=/run/db')), '/run/db (d)');
  });

  it('takes options at their bounds and refuses those beyond, twice or unknown; never quoting the URL', () => {
    const { schema, pool, readers, statementMs, transactionMs } = read(
      'postgres://h/d?schema=_a1&pool=200&readers=1&statement_ms=1000&transaction_ms=10000',
    );
    assert.deepEqual([schema, pool, readers, statementMs, transactionMs], ['_a1', 200, 1, 1_000, 10_000]);
    for (const [rest, words] of [
      ['h', /must name a database after the host, such as mysql:\/\/user@host\/trust/],
      ['h/a/b', /must name a database/],
      ['/d', /is not a URL/],
      ['h:port/d', /is not a URL; in a password write/],
      ['h/d%zz', /%25/],
      ['h/d?pool=0', /from 1 to 200 as pool/],
      ['h/d?pool=201', /from 1 to 200 as pool/],
      ['h/d?readers=0', /from 1 to 200 as readers/],
      ['h/d?statement_ms=999', /from 1000 to 5000 as statement_ms/],
      ['h/d?statement_ms=5001', /from 1000 to 5000 as statement_ms/],
      ['h/d?transaction_ms=10001', /from 1000 to 10000 as transaction_ms/],
      ['h/d?transaction_ms=1e3', /from 1000 to 10000 as transaction_ms/],
      ['h/d?pool=1&pool=2', /has the option pool twice/],
      ['h/d?multipleStatements=true', /has an option that is not served: multipleStatements/],
      ['h/d?schema=Public', /must name a schema of a-z/],
      ['h/d?schema=pg_x', /must name a schema of a-z/],
      [`h/d?schema=${'a'.repeat(64)}`, /must name a schema of a-z/],
      ['h/d?schema=a,b', /must name a schema of a-z/],
    ] as const) {
      const refusal = (error: Error) => words.test(error.message) && !/canary/.test(error.message);
      assert.throws(() => read(`mysql://user:canary@${rest}`), refusal, rest);
    }
  });

  it('has three modes of TLS, none of which falls back to plain text by itself', () => {
    const tls = (query: string) => read(`postgres://db.example.com/d${query}`).tls;
    assert.equal(tls('?sslmode=disable'), undefined);
    assert.deepEqual(tls('?sslmode=no-verify'), { rejectUnauthorized: false });
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      assert.deepEqual(tls(`?sslmode=${mode}`), { rejectUnauthorized: true });
    for (const [query, words] of [
      ['?sslmode=prefer', /disable, no-verify or verify-full/],
      ['?sslmode=', /disable, no-verify or verify-full/],
      ['?sslrootcert=/ca.pem', /names sslrootcert without sslmode=verify-full/],
      ['?sslmode=require&sslcert=/c', /must name sslcert and sslkey together/],
      ['?sslmode=require&sslrootcert=/nowhere/ca.pem', /names a file as sslrootcert that cannot be read \(ENOENT\)/],
    ] as const)
      assert.throws(() => tls(query), words);
    assert.throws(() => read('mysql:///d'), /must name a host, or a socket by socket=PATH/);
    const address = readServerUrl('postgres://10.0.0.1/d?sslmode=require', 5432).tls;
    const certificate = { subject: { CN: 'x' }, subjectaltname: 'DNS:localhost' } as never;
    assert.ok(address?.checkServerIdentity?.('localhost', certificate) instanceof Error);
  });
});
