// SEC-1 to SEC-4, TERM-3: what is nearly an id is not that id: prefixes, extensions, case twins, white space, NUL, look-alikes.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { RejectionReason } from '../../server/src/contract/gen/trust/v1/session.ts';
import { newServiceKey, newSessionId, newSignInCode } from '../../server/src/kernel/secret.ts';
import { type ComposedServer, composedServer, RETURN_TO } from '../support/composed_server.ts';
import { newIdentity, newService, newSession, verdictOf } from '../support/shared_server.ts';

const random = (size: number) => randomBytes(size);
const VECTORS = new URL('../../spec/vectors/session_ids.json', import.meta.url);

/** Texts that are nearly this one. None is it. */
function twins(text: string): readonly string[] {
  const swap = (letter: string) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase());
  const letters = [...text].flatMap((letter, place) => (swap(letter) === letter ? [] : [place]));
  const [first = 0, middle = 0] = [letters[0], letters[letters.length >> 1]];
  const withSwapped = (place: number) => text.slice(0, place) + swap(text[place] ?? '') + text.slice(place + 1);
  const cuts = [1, 2, 6, 7, text.length >> 1, text.length - 4].map((size) => text.slice(0, -size));
  const ends = [
    ' ',
    '  ',
    '\n',
    '\r\n',
    '\t',
    '\u0000',
    '\u0000x',
    '0',
    'A',
    '=',
    '%00',
    '%20',
    '\u200b',
    '\u00a0',
    '.',
    '/',
    '*',
    '%',
    '_',
    ';',
    ',',
  ];
  const made = [
    ...cuts,
    ...cuts.map((cut) => cut.padEnd(text.length, '0')),
    ...ends.map((end) => text + end),
    ...ends.map((end) => end + text),
    ...[first, middle, text.length - 1].map(withSwapped),
    text.toUpperCase(),
    text.toLowerCase(),
    [...text].map(swap).join(''),
    text.slice(1),
    text.slice(text.indexOf('_') + 1),
    text.replace('_', '-'),
    text.replace('_', '__'),
    `${text}${text}`,
    `${text},${text}`,
    [...text].toReversed().join(''),
    text.replace(/[0-9]/, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)),
    text.replace(/[a-z]/, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)),
    text.replace(/[oO0]/, 'о'),
    encodeURIComponent(`${text}\n`),
    Buffer.from(text).toString('base64'),
    `"${text}"`,
    `['${text}']`,
  ];
  return [...new Set(made)].filter((one) => one !== text && Buffer.byteLength(one) <= 256);
}

/** Some twins are ids themselves, of nothing. */
const isWellFormed = (prefix: string, text: string) => new RegExp(`^${prefix}_[0-9a-f]{32}$`).test(text);

describe('attack: twins of opaque ids', function () {
  this.timeout(60_000);
  let server: ComposedServer;
  before(async () => {
    server = await composedServer();
  });
  after(() => server?.close());

  /** Runs and tells which ports were called besides those that authenticate the caller. */
  async function storeCalls(work: () => Promise<unknown>): Promise<readonly string[]> {
    server.control.calls.length = 0;
    await work();
    return server.control.calls.filter((call) => call !== 'serviceKeys.readWithService');
  }

  it('SEC-4 no twin of a session_id is it; none costs an access to the database', async () => {
    const { sessionId } = await newSession(server.rpc);
    const all = twins(sessionId);
    assert.ok(all.length > 60, String(all.length));
    for (const twin of all) {
      const calls = await storeCalls(async () =>
        assert.equal(await verdictOf(server.rpc, twin), RejectionReason.MALFORMED, JSON.stringify(twin)),
      );
      assert.deepEqual(calls, [], JSON.stringify(twin));
    }
    assert.deepEqual(
      await storeCalls(() => verdictOf(server.rpc, sessionId)),
      ['sessions.readByDigest'],
      'the counter counts',
    );
    assert.equal(await verdictOf(server.rpc, sessionId), 'active');
  });

  it('SEC-4 a batch of malformed ones costs none either, and each has its own answer', async () => {
    const { sessionId } = await newSession(server.rpc);
    const sessionIds = twins(sessionId);
    const calls = await storeCalls(async () => {
      const { verdicts } = await server.rpc.ok('SessionService', 'batchVerify', { sessionIds: [...sessionIds] });
      assert.equal(verdicts.length, sessionIds.length);
      for (const { answer } of verdicts) assert.equal(answer?.$case, 'rejected');
    });
    assert.deepEqual(calls, []);
  });

  it('SEC-1 to SEC-3 every malformed vector of the standard is malformed on the wire, every other one unknown', async () => {
    const { vectors } = JSON.parse(readFileSync(VECTORS, 'utf8')) as {
      vectors: { name: string; session_id: string; well_formed: boolean }[];
    };
    assert.ok(vectors.length > 20);
    for (const { name, session_id: sessionId, well_formed: wellFormed } of vectors) {
      if (Buffer.byteLength(sessionId) > 256) {
        assert.equal(
          (await server.rpc.refused('SessionService', 'verify', { sessionId })).reason,
          'INVALID_FIELD',
          name,
        );
      } else {
        const expected = wellFormed ? RejectionReason.UNKNOWN : RejectionReason.MALFORMED;
        assert.equal(await verdictOf(server.rpc, sessionId), expected, name);
      }
    }
  });

  it('no twin of a session_id ends, rotates or is issued a token for the session', async () => {
    const { sessionId } = await newSession(server.rpc);
    for (const twin of twins(sessionId)) {
      const target = { $case: 'sessionId', value: twin } as const;
      const ended = await server.rpc.ok('SessionService', 'revokeSession', { target });
      assert.deepEqual([ended.handle, ended.version], ['', 0n]);
      assert.equal(
        (await server.rpc.refused('SessionService', 'rotateSession', { sessionId: twin })).reason,
        'SESSION_REJECTED',
      );
      const asked = { sessionId: twin, audience: 'orders' };
      assert.equal(
        (await server.rpc.refused('TrustTokenService', 'issueTrustToken', asked)).reason,
        'SESSION_REJECTED',
      );
    }
    assert.equal(await verdictOf(server.rpc, sessionId), 'active');
  });

  it('a secret of one kind is none of another', async () => {
    const { sessionId, handle } = await newSession(server.rpc);
    const body = sessionId.slice(3);
    for (const other of [handle, newSignInCode(random), newServiceKey(random).key, `tc_${body}`, `ses_${body}`, body]) {
      assert.equal(await verdictOf(server.rpc, other), RejectionReason.MALFORMED);
    }
    assert.equal(await verdictOf(server.rpc, newSessionId(random)), RejectionReason.UNKNOWN);
    const digest = createHash('sha256').update(`trust-layer:session_id:${sessionId}`).digest('hex');
    assert.equal(await verdictOf(server.rpc, digest), RejectionReason.MALFORMED, 'what the store keeps opens nothing');
  });

  it('no twin of a handle names the session', async () => {
    const { sessionId, handle } = await newSession(server.rpc);
    for (const twin of [...twins(handle), sessionId, '', 'ses_']) {
      const target = { $case: 'handle', value: twin } as const;
      const { reason, fields } = await server.rpc.refused('SessionService', 'revokeSession', { target });
      const expected = isWellFormed('ses', twin) ? ['SESSION_NOT_FOUND', undefined] : ['INVALID_FIELD', 'handle'];
      assert.deepEqual([reason, fields[0]?.field], expected, JSON.stringify(twin));
    }
    const neighbour = handle.slice(0, -1) + (handle.endsWith('0') ? '1' : '0');
    const target = { $case: 'handle', value: neighbour } as const;
    assert.equal((await server.rpc.refused('SessionService', 'revokeSession', { target })).reason, 'SESSION_NOT_FOUND');
    assert.equal(await verdictOf(server.rpc, sessionId), 'active');
  });

  it('SES-12 a handle with another owner ends nothing', async () => {
    const [victim, other] = [await newSession(server.rpc), await newSession(server.rpc)];
    const request = { target: { $case: 'handle', value: victim.handle } as const, identityId: other.identityId };
    assert.equal((await server.rpc.refused('SessionService', 'revokeSession', request)).reason, 'SESSION_NOT_FOUND');
    assert.equal(await verdictOf(server.rpc, victim.sessionId), 'active');
  });

  it('no twin of an identity id names the identity, in any RPC that takes one', async () => {
    const identityId = await newIdentity(server.rpc);
    const { sessionId } = await newSession(server.rpc, identityId);
    const rpcs = [
      ['IdentityService', 'getIdentity'],
      ['IdentityService', 'updateIdentity'],
      ['IdentityService', 'disableIdentity'],
      ['IdentityService', 'deleteIdentity'],
      ['SessionService', 'createSession'],
      ['SessionService', 'listSessions'],
      ['SessionService', 'revokeIdentitySessions'],
      ['PasswordService', 'setPassword'],
    ] as const;
    for (const twin of [...twins(identityId), '', '*', '%', 'idn_%']) {
      for (const [service, method] of rpcs) {
        const request = { identityId: twin, password: 'violet-otter-battery' };
        const { reason, fields } = await server.rpc.refused(service, method as never, request as never);
        const expected = isWellFormed('idn', twin)
          ? ['IDENTITY_NOT_FOUND', undefined]
          : ['INVALID_FIELD', 'identity_id'];
        assert.deepEqual([reason, fields[0]?.field], expected, `${method} ${JSON.stringify(twin)}`);
      }
    }
    assert.equal(await verdictOf(server.rpc, sessionId), 'active');
  });

  it('no twin of a kid, key id or service name names one', async () => {
    const { keys } = await server.rpc.ok('SigningKeyService', 'listSigningKeys', {});
    for (const kid of twins(keys[0]?.kid ?? '')) {
      const { reason } = await server.rpc.refused('SigningKeyService', 'retireSigningKey', { kid });
      assert.equal(reason, isWellFormed('sgk', kid) ? 'SIGNING_KEY_NOT_FOUND' : 'INVALID_FIELD', JSON.stringify(kid));
    }
    const service = await newService(server.rpc, ['sessions:verify']);
    for (const keyId of twins(service.keyId)) {
      const { reason } = await server.rpc.refused('ServiceKeyService', 'revokeServiceKey', { keyId });
      assert.ok(['INVALID_FIELD', 'SERVICE_KEY_NOT_FOUND'].includes(reason), JSON.stringify(keyId));
    }
    for (const name of twins(service.name)) {
      const { reason } = await server.rpc.refused('ServiceKeyService', 'deleteService', { name });
      assert.ok(['INVALID_FIELD', 'SERVICE_NOT_FOUND'].includes(reason), JSON.stringify(name));
    }
    assert.equal(
      (await server.rpc.call('SessionService', 'verify', {}, { authorization: `Bearer ${service.key}` })).failure,
      undefined,
    );
  });

  it('no twin of a service key is it; a malformed one costs no access to the database', async () => {
    const service = await newService(server.rpc, ['sessions:verify']);
    // What HTTP/2 does not carry as a header never reaches the server.
    const sendable = twins(service.key).filter((twin) => /^[!-~](?:[ -~]*[!-~])?$/.test(twin));
    assert.ok(sendable.length > 40, String(sendable.length));
    for (const twin of sendable) {
      server.control.calls.length = 0;
      const { reason } = await server.rpc.refused('SessionService', 'verify', {}, { authorization: `Bearer ${twin}` });
      assert.equal(reason, 'SERVICE_KEY_REJECTED', twin.length.toString());
      assert.deepEqual(server.control.calls, []);
    }
    assert.equal(
      (await server.rpc.call('SessionService', 'verify', {}, { authorization: `Bearer ${service.key}` })).failure,
      undefined,
    );
  });

  it('SEC-4 no twin of a sign-in code spends it; a malformed one costs no access to the database', async () => {
    const identity = { id: await newIdentity(server.rpc), epoch: 1 };
    const codeVerifier = random(32).toString('base64url');
    const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url');
    const flow = { returnTo: RETURN_TO, state: 'abcdefghijklmnop', codeChallenge };
    const proof = { tenantId: 'default', actor: 'hosted-page', identity, request: flow, acr: 'aal1', amr: ['pwd'] };
    const { code } = await server.node.pages.issueSignInCode(proof);
    const request = { codeVerifier, returnTo: RETURN_TO };
    for (const twin of twins(code)) {
      const calls = await storeCalls(async () => {
        const { reason } = await server.rpc.refused('SignInService', 'exchangeSignInCode', { ...request, code: twin });
        assert.equal(reason, 'SIGN_IN_CODE_REJECTED', JSON.stringify(twin));
      });
      assert.deepEqual(calls, []);
    }
    await server.rpc.ok('SignInService', 'exchangeSignInCode', { ...request, code });
  });
});
