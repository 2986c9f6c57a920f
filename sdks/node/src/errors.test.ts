import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { toTrustLayerError } from './errors.ts';
import { ErrorReason } from './gen/trust/v1/error_reason.ts';
import { fault, SESSION_ID } from './testing/fake_server.ts';

const read = (failed: object, secrets: string[] = []) => toTrustLayerError(failed as StatusObject, secrets);

describe('errors', () => {
  const url = new URL('../../../spec/vectors/error_table.json', import.meta.url);
  const { rows } = JSON.parse(readFileSync(url, 'utf8')) as {
    rows: { reason: string; number: number; code: string; code_number: number }[];
  };

  it('ERR-1 every reason of the error table is known by its number', () => {
    assert.deepEqual(
      Object.fromEntries(rows.map((row) => [row.reason, row.number])),
      Object.fromEntries(Object.entries(ErrorReason).filter(([, number]) => number !== 0)),
    );
  });

  for (const row of rows) {
    it(`ERR-2 ERR-7 ${row.reason} comes with code ${row.code}`, () => {
      const error = read(fault(row.code_number, { reason: row.reason, metadata: { request_id: 'r1' } }));
      assert.equal(error.reason, row.reason);
      assert.equal(error.code, row.code);
      assert.deepEqual(error.metadata, { request_id: 'r1' });
    });
  }

  it('ERR-7 without an ErrorInfo of this domain the code decides', () => {
    const codes = { UNAVAILABLE: 'UNREACHABLE', DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED', CANCELLED: 'CANCELLED' };
    for (const [code, reason] of Object.entries({ ...codes, INTERNAL: 'UNKNOWN', UNAUTHENTICATED: 'UNKNOWN' })) {
      const number = status[code as keyof typeof status];
      const bare = read({ code: number, details: '', metadata: new Metadata() });
      assert.deepEqual([bare.reason, bare.code], [reason, code]);
      const foreign = read(fault(number, { reason: 'CREDENTIAL_REJECTED', domain: 'example.com' }));
      assert.deepEqual([foreign.reason, foreign.metadata], [reason, {}]);
    }
  });

  it('ERR-7 details of another status code, broken details and broken reasons count as absent', () => {
    const other = read(fault(status.UNAVAILABLE, { reason: 'SESSION_REJECTED', detailsCode: status.OK }));
    assert.equal(other.reason, 'UNREACHABLE');
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from([0xff, 0xff, 0xff]));
    assert.equal(read({ code: status.UNAVAILABLE, details: '', metadata }).reason, 'UNREACHABLE');
    assert.equal(read(fault(status.INTERNAL, { reason: 'a b' })).reason, 'UNKNOWN');
  });

  it('SDK-8 ERR-3 names fields, ERR-4 tells when to come back in milliseconds', () => {
    const fields = [{ field: 'device.user_agent', description: 'at most 512 bytes' }];
    const refused = read(fault(status.INVALID_ARGUMENT, { reason: 'INVALID_FIELD', fields }));
    assert.deepEqual(refused.fields, fields);
    assert.match(refused.message, /INVALID_FIELD .*device\.user_agent/);
    assert.equal(refused.retryAfterMs, undefined);
    const busy = read(fault(status.RESOURCE_EXHAUSTED, { reason: 'RATE_LIMITED', retryAfterMs: 1_250 }));
    assert.equal(busy.retryAfterMs, 1_250);
    assert.deepEqual(busy.fields, []);
  });

  it('SDK-8 a secret that is a plain word does not spoil the names of fields', () => {
    const fields = [{ field: 'password', description: 'the password is too easy to guess' }];
    const error = read(fault(status.INVALID_ARGUMENT, { reason: 'WEAK_PASSWORD', fields }), ['password']);
    assert.deepEqual(error.fields, fields);
    assert.equal(error.message, 'WEAK_PASSWORD (INVALID_ARGUMENT) in password');
  });

  it('SDK-7 ERR-6 blots secrets out of whatever a server or proxy echoes', () => {
    const password = 'correct horse battery';
    const echo = `${SESSION_ID} tc_abcdefghijkl tlk_abcdefgh_ijklmn Bearer zzz eyJhbGciOi.eyJ.sig ${password}`;
    const error = read(
      fault(status.INVALID_ARGUMENT, {
        reason: 'INVALID_FIELD',
        details: echo,
        metadata: { echo },
        fields: [{ field: echo, description: echo }],
      }),
      [password],
    );
    const transport = read({ code: status.UNAVAILABLE, details: `refused ${echo}`, metadata: new Metadata() }, [
      password,
    ]);
    assert.match(transport.message, /^UNREACHABLE \(UNAVAILABLE\): refused /);
    const shown =
      transport.stack + inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + error.stack;
    for (const secret of [SESSION_ID, 'tc_a', 'tlk_a', 'zzz', 'eyJ', password, 'horse']) {
      assert(!shown.includes(secret), secret);
    }
  });
});
