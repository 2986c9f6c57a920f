import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SessionServiceService, VerifyRequest } from '../contract/gen/trust/v1/session.ts';
import { requestReader, Unreadable } from './codec.ts';

const definition = SessionServiceService.verify as never;

describe('codec', () => {
  const read = requestReader(definition, { maxBytes: 1_000 });

  it('reads what was written, and never throws whatever the bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (sessionId) => {
        fc.pre(Buffer.from(sessionId).toString() === sessionId);
        const message = { tenantId: '', sessionId, consistency: 2 as const, client: undefined };
        assert.deepEqual(read(Buffer.from(VerifyRequest.encode(message).finish())), message);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void read(Buffer.from(bytes))));
  });

  it('refuses messages over the length of the row and text that is not UTF-8, short and long', () => {
    assert.ok(read(Buffer.alloc(1_001)) instanceof Unreadable);
    for (const length of [1, 10, 100]) {
      const bytes = Buffer.concat([Buffer.from([0x12, length]), Buffer.alloc(length, 0xff)]);
      assert.ok(read(bytes) instanceof Unreadable, String(length));
    }
    assert.equal((read(Buffer.from([0x0a, 3, 0xef, 0xbb, 0xbf])) as VerifyRequest).tenantId, '\ufeff');
  });
});
