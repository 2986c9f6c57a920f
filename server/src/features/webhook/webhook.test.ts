import assert from 'node:assert/strict';
import { MINUTE, SECOND } from '../../kernel/clock.ts';
import { delayAfter, newWebhookSecret, signedHeaders, wants } from './webhook.ts';

describe('webhooks', () => {
  it('HOOK-2 signs as the convention has it', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const headers = signedHeaders('msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_999, '{"test": 2432232314}', [secret]);
    assert.deepEqual(headers, {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('HOOK-2 HOOK-8 makes secrets of 32 bytes, and signs once for each that is in force', () => {
    const [one, two] = [newWebhookSecret(() => Buffer.alloc(32, 1)), newWebhookSecret(() => Buffer.alloc(32, 2))];
    assert.match(one, /^whsec_[A-Za-z0-9+/]{43}=$/);
    const { 'webhook-signature': both } = signedHeaders('a', 0, '{}', [one, two]);
    const { 'webhook-signature': first } = signedHeaders('a', 0, '{}', [one]);
    assert.equal(both.split(' ')[0], first);
    assert.equal(new Set(both.split(' ')).size, 2);
  });

  it('HOOK-4 waits 5 s, then twice as long each time, at most an hour', () => {
    assert.deepEqual([1, 2, 3, 10, 11, 900].map(delayAfter), [
      5 * SECOND,
      10 * SECOND,
      20 * SECOND,
      2_560 * SECOND,
      60 * MINUTE,
      60 * MINUTE,
    ]);
  });

  it('sends all but the events of Trust Tokens where nothing is chosen, and only what is chosen where something is', () => {
    assert.deepEqual(
      ['session.revoked', 'trust_token.issued'].map((action) => wants({ actions: [] }, action)),
      [true, false],
    );
    assert.deepEqual(
      ['session.revoked', 'trust_token.issued'].map((action) => wants({ actions: ['trust_token.issued'] }, action)),
      [false, true],
    );
  });
});
