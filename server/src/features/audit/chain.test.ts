import assert from 'node:assert/strict';
import { CHAIN_START, factsText, hashOf, type StoredEvent } from './chain.ts';
import { auditSigner, checkpointReader } from './checkpoint.ts';

// What another program computed from the words of the spec.
const EVENT: StoredEvent = {
  tenantId: 'default',
  id: 'aud_1',
  at: 1_795_000_000_123,
  action: 'session.created',
  actor: 'Zoë "x"\n\u007f\u2028',
  identityId: '',
  subject: 'ses_1',
  facts: factsText({ b: '2', a: '𝄞' }),
};
const HASH = '4d82865e3d672678c4e37a30fd44ce4aab9de636d86a1eae2df49224ca6ca541';
const SIGNATURE = '7i7P-SCIvJ3T1IjJqcJbKKb2TKKcUx0zr2GK1Ge2EYAcQchpIV81Cdltup6zyYGCMGRQ-DHCk17_v4hUePGUBA';
const SEAL = { tenantId: 'default', kind: 'seal', seq: 1, hash: HASH, at: 1_795_000_000_999, since: 0 } as const;

describe('the chain of the audit trail', () => {
  const signer = auditSigner(Buffer.alloc(32, 5));
  const read = checkpointReader([signer.jwk]);

  it('AUD-4 hashes a link as the spec has it', () => {
    assert.equal(hashOf(EVENT, 1, CHAIN_START.hash), HASH);
  });

  it('AUD-4 tells every text of facts from every other', () => {
    const texts = [
      '{"a":"1","b":"2"}',
      '{"b":"2","a":"1"}',
      '{"a":"1", "b":"2"}',
      '{"a":"0","a":"1","b":"2"}',
      '{',
      '[]',
    ];
    const more = ['"{\\"a\\":\\"1\\"}"', '{"a":1}', 'null', '', '{}', '""'];
    const hashes = [...texts, ...more].map((facts) => hashOf({ ...EVENT, facts }, 1, CHAIN_START.hash));
    assert.equal(new Set(hashes).size, hashes.length);
  });

  it('AUD-5 AUD-6 derives the key and signs as the spec has it', () => {
    const { x, kid } = signer.jwk;
    assert.deepEqual(
      [x, kid],
      ['DilWXdSApEuSfO1Llxq2qxOGxBHuk1JYnWEd7brVe7M', 'Dt9ru30tPU5Y6_kLhxSBudWtt85QehdGx7fvojD4QZI'],
    );
    const checkpoint = signer.sign(SEAL);
    assert.equal(checkpoint.token.split('.')[2], SIGNATURE);
    assert.deepEqual(read(checkpoint), SEAL);
  });

  it('AUD-6 reads no checkpoint of another place, kind, tenant, key or form', () => {
    const { token, ...kept } = signer.sign(SEAL);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = part({ typ: 'trust-audit+jws', alg: 'none', kid: signer.jwk.kid });
    const refused = [
      { ...kept, token, seq: 2 },
      { ...kept, token, kind: 'cut' as const },
      { ...kept, token, tenantId: 'acme' },
      { ...kept, token: auditSigner(Buffer.alloc(32, 6)).sign(SEAL).token },
      ...[
        `${header}.${payload}.`,
        `${none}.${payload}.`,
        `${none}.${payload}.${signature}`,
        `${token}.`,
        `${token}=`,
        ` ${token}`,
      ].map((text) => ({ ...kept, token: text })),
    ];
    assert.deepEqual(
      refused.map(read),
      refused.map(() => undefined),
    );
  });
});
