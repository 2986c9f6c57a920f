import assert from 'node:assert/strict';
import { TrustError } from './errors/trust_error.ts';
import { createLog, maskSecrets } from './log.ts';

const CANARIES = [
  `ts_${'A'.repeat(49)}`,
  `tc_${'B1'.repeat(24)}c`,
  `tlk_${'C'.repeat(16)}_${'d'.repeat(49)}`,
  `eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.${'s'.repeat(86)}`,
  Buffer.from('0123456789abcdefGHIJKLMNOPQRSTUV').toString('base64'),
];

function logged(write: (log: ReturnType<typeof createLog>) => void, pretty = false): string {
  const lines: string[] = [];
  write(createLog({ level: 'trace', pretty, destination: { write: (line) => void lines.push(line) } }));
  assert.ok(lines.length > 0);
  return lines.join('');
}

describe('log', () => {
  it('shows no secret wherever it stands: message, field, list, error, cause, child, object, in part, behind an escape', () => {
    for (const secret of CANARIES) {
      const error = new Error(`failed with ${secret}`, { cause: new Error(`because of\n${secret}`) });
      const text = logged((log) => {
        log.info(`message ${secret}`);
        log.info('format %s', secret);
        log.info({ name: secret, path: `/x/${secret}/y`, method: [secret] }, 'fields');
        log.info({ request: { headers: { authorization: secret } }, session_id: secret }, 'objects');
        log.error({ err: error }, 'error');
        log.error(error);
        log.error({ err: new TrustError('INVALID_FIELD', { metadata: { a: secret }, cause: error }) }, 'trust error');
        log.child({ name: secret, other: 'CANARY' }).child({ third: 'CANARY' }).info('child');
        log.info({ name: `line\n${secret.slice(0, 40)}` }, 'cut');
      });
      assert.equal(text.includes(secret) || text.includes('CANARY'), false, text);
      assert.equal(text.includes(secret.slice(-12)), false, text);
      // A cut master key is like any other base64 text; what has a prefix is known in part too.
      if (/^(t|eyJ)/.test(secret)) assert.equal(text.includes(secret.slice(0, 30)), false, text);
    }
  });

  it('writes only known fields and shows others by name', () => {
    const [entry] = logged((log) =>
      log.info({ rpc: 'X/Y', ms: 1.5, password: 'hunter2', email: 'a@b.example', reason: null }, 'hello'),
    )
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual([entry.rpc, entry.ms, entry.msg, entry.level], ['X/Y', 1.5, 'hello', 'info']);
    assert.deepEqual([entry.password, entry.email], ['[not shown]', '[not shown]']);
    assert.match(entry.time, /^\d{4}-\d\d-\d\dT/);
  });

  it('leaves values of SQL and addresses out of errors, keeps code and frames', () => {
    const error = Object.assign(
      new Error("insert into x values ('anna@example.com', 'it''s') - Duplicate entry 'anna' for key"),
      { code: 'ER_DUP' },
    );
    const entry = JSON.parse(logged((log) => log.error({ err: error }, 'x')));
    assert.equal(JSON.stringify(entry).includes('anna'), false);
    assert.equal(entry.error.code, 'ER_DUP');
    assert.ok(entry.error.at.length > 0);
    assert.equal(JSON.parse(logged((log) => log.error({ err: 'just text' }, 'x'))).error.name, 'string');
  });

  it('writes short lines for people', () => {
    const text = logged((log) => log.warn({ rpc: 'X/Y' }, 'slow'), true);
    assert.match(text, /^\d\d:\d\d:\d\d\.\d{3} .*warn.* slow.* rpc=X\/Y/);
    assert.equal(text.split('\n').length, 2);
  });

  it('masks passwords in URLs and leaves ordinary text alone', () => {
    assert.equal(maskSecrets('postgres://user:secret@db:5432/x'), 'postgres://user:[masked]@db:5432/x');
    for (const plain of [
      'SessionService/Verify',
      'idn_0123456789abcdef0123456789abcdef',
      '127.0.0.1:50051',
      '2026-01-01T00:00:00.000Z',
      'trust-layer.example.com',
    ]) {
      assert.equal(maskSecrets(plain), plain);
    }
  });
});
