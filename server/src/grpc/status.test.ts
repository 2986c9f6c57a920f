import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { BadRequest, ErrorInfo, RetryInfo } from '../contract/gen/google/rpc/error_details.ts';
import { Status } from '../contract/gen/google/rpc/status.ts';
import { CATALOG } from '../errors/catalog.ts';
import { TrustError } from '../errors/trust_error.ts';
import { DETAILS, DOMAIN, failureOf, statusOf } from './status.ts';

function details(error: TrustError) {
  const status = statusOf(error);
  const decoded = Status.decode(status.metadata.get(DETAILS)[0] as Buffer);
  const of = (type: string) =>
    decoded.details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/google.rpc.${type}`)?.value;
  return { status, decoded, of };
}

describe('status', () => {
  it('ERR-1: holds one google.rpc.Status that repeats code and sentence, with one ErrorInfo of our domain', () => {
    const { status, decoded, of } = details(new TrustError('SCOPE_MISSING', { metadata: { scope: 'audit:read' } }));
    assert.deepEqual([decoded.code, decoded.message], [status.code, status.details]);
    assert.deepEqual(ErrorInfo.decode(of('ErrorInfo') ?? Buffer.alloc(0)), {
      reason: 'SCOPE_MISSING',
      domain: DOMAIN,
      metadata: { scope: 'audit:read' },
    });
    assert.equal(decoded.details.length, 1);
  });

  it('ERR-2: has the code of the table for each reason', () => {
    const table = JSON.parse(readFileSync(new URL('../../../spec/vectors/error_table.json', import.meta.url), 'utf8'));
    assert.equal(table.rows.length, Object.keys(CATALOG).length);
    for (const { reason, code_number } of table.rows)
      assert.equal(statusOf(new TrustError(reason)).code, code_number, reason);
  });

  it('ERR-3, ERR-4: adds BadRequest and RetryInfo', () => {
    const { of } = details(
      new TrustError('RATE_LIMITED', { retryAfterMs: 61_234.2, fields: [{ field: 'a.b', description: 'is wrong' }] }),
    );
    const [violation] = BadRequest.decode(of('BadRequest') ?? Buffer.alloc(0)).fieldViolations;
    assert.deepEqual([violation?.field, violation?.description], ['a.b', 'is wrong']);
    assert.deepEqual(RetryInfo.decode(of('RetryInfo') ?? Buffer.alloc(0)).retryDelay, {
      seconds: 61n,
      nanos: 235_000_000,
    });
    for (const retryAfterMs of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.doesNotThrow(() => statusOf(new TrustError('RATE_LIMITED', { retryAfterMs })), String(retryAfterMs));
    }
  });

  it('ERR-5: gives everything else a request_id and nothing more', () => {
    for (const error of [
      new Error('inside'),
      'text',
      null,
      new TrustError('INTERNAL', { metadata: { inside: 'x' } }),
    ]) {
      const failure = failureOf(error, () => 'the-id');
      assert.equal(failure.requestId, 'the-id');
      const decoded = Status.decode(failure.status.metadata.get(DETAILS)[0] as Buffer);
      assert.deepEqual(ErrorInfo.decode(decoded.details[0]?.value ?? Buffer.alloc(0)).metadata, {
        request_id: 'the-id',
      });
    }
    const unknown = new TrustError('NO_SUCH_REASON' as 'INTERNAL');
    assert.equal(failureOf(unknown).reason, 'INTERNAL');
    assert.equal(failureOf(new TrustError('toString' as 'INTERNAL')).reason, 'INTERNAL');
  });

  it('stays below what clients take as trailers, whatever the request was', () => {
    const long = 'é'.repeat(60_000);
    const fields = Array.from({ length: 300 }, () => ({ field: long, description: long }));
    const metadata = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`${index}${long}`, long]));
    const bytes = statusOf(new TrustError('INVALID_FIELD', { fields, metadata })).metadata.get(DETAILS)[0] as Buffer;
    assert.ok(bytes.toString('base64').length < 8_000, `${bytes.length}`);
  });
});
