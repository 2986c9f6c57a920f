import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import {
  type Answer,
  activeVerdict,
  type FakeServer,
  fault,
  OTHER_SESSION_ID,
  SESSION_ID,
  startFakeServer,
} from './testing/fake_server.ts';
import { claims, jwks, NOW, token } from './testing/tokens.ts';

const PROBE = fileURLToPath(new URL('../probe/main.ts', import.meta.url));

interface ProbeAnswer {
  readonly id: unknown;
  readonly ok?: Record<string, unknown>;
  readonly error?: Record<string, unknown>;
}

/** Plays lines to the probe, one after the other, and gives its answers; strings are sent as they are. */
async function play(lines: readonly (object | string)[]): Promise<ProbeAnswer[]> {
  const child = spawn(process.execPath, [PROBE], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers: ProbeAnswer[] = [];
  const written = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  for (const line of lines) {
    const text = typeof line === 'string' ? line : JSON.stringify(line);
    child.stdin.write(`${text}\n`);
    if (text.trim() !== '') answers.push(JSON.parse((await written.next()).value as string));
  }
  child.stdin.end();
  await once(child, 'close');
  return answers;
}

describe('probe', () => {
  let server: FakeServer;
  afterEach(() => server?.stop());

  it('SDK-1 speaks the contract in snake_case', async () => {
    const at = new Date('2026-11-23T10:00:00.120Z');
    const identity = {
      id: 'idn_1',
      state: 1,
      identifiers: [{ type: 1, value: 'a@b.c', verified: true }],
      epoch: 7n,
      createdAt: at,
      metadata: { fooBar: 'x' },
    };
    const answers: Record<string, Answer> = {
      verify: () => activeVerdict(),
      batchVerify: () => ({ verdicts: [activeVerdict().verdict, { answer: undefined }] }),
      createIdentity: () => ({ identity }),
      listSigningKeys: () => ({ keys: [{ kid: 'k', state: 3, createdAt: new Date(0) }] }),
      revokeSession: () => ({ handle: 'ses_1', version: 2n }),
      updateIdentity: () => ({}),
      createSession: () => {
        throw fault(status.INVALID_ARGUMENT, { reason: 'INVALID_FIELD', fields: [{ field: 'acr', description: 'x' }] });
      },
    };
    server = await startFakeServer(answers);
    const [configured, verified, batch, created, keys, revoked, updated, failed, unknown] = await play([
      { id: 1, do: 'configure', with: { address: server.address, tenant_id: 'acme', watch: false } },
      { id: 2, do: 'verify', with: { session_id: SESSION_ID, consistency: 'STRONG' } },
      { id: 3, do: 'batch_verify', with: { session_ids: [SESSION_ID, OTHER_SESSION_ID] } },
      {
        id: 4,
        do: 'create_identity',
        with: { identifiers: [{ type: 'IDENTIFIER_TYPE_EMAIL', value: 'a@b.c' }], metadata: { foo_bar: 'x' } },
      },
      { id: 5, do: 'list_signing_keys' },
      { id: 6, do: 'revoke_session', with: { session_id: SESSION_ID } },
      {
        id: 7,
        do: 'update_identity',
        with: { identity_id: 'idn_1', expected_version: 3, metadata: { entries: { a_b: 'c' } } },
      },
      { id: 8, do: 'create_session', with: { authenticated_at: '2026-11-23T10:00:00.120Z', idle_timeout_seconds: 60 } },
      { id: 9, do: 'close' },
    ]);
    assert.deepEqual(configured, { id: 1, ok: {} });
    assert.equal(verified?.ok?.active, true);
    assert.deepEqual(Object.keys(verified?.ok ?? {}), ['active', 'session', 'identity']);
    assert.match(JSON.stringify(verified?.ok), /"identity_id":"idn_1","version":1,/);
    assert.deepEqual([batch?.ok?.verdicts].flat()[1], { active: false, reason: 'UNSPECIFIED' });
    assert.deepEqual(created?.ok, {
      identity: {
        id: 'idn_1',
        tenant_id: '',
        state: 'IDENTITY_STATE_ACTIVE',
        identifiers: [{ type: 'IDENTIFIER_TYPE_EMAIL', value: 'a@b.c', verified: true }],
        display_name: '',
        roles: [],
        metadata: { fooBar: 'x' },
        epoch: 7,
        version: 0,
        created_at: '2026-11-23T10:00:00.120Z',
        state_reason: '',
      },
    });
    const key = { kid: 'k', alg: '', state: 'SIGNING_KEY_STATE_RETIRING', created_at: '1970-01-01T00:00:00Z' };
    assert.deepEqual(keys?.ok, { keys: [key] });
    assert.deepEqual(revoked?.ok, { handle: 'ses_1', version: 2 });
    assert.deepEqual(updated?.ok, {});
    assert.deepEqual(failed?.error, { reason: 'INVALID_FIELD', code: 'INVALID_ARGUMENT', fields: ['acr'] });
    assert.deepEqual(unknown?.error, { reason: 'UNKNOWN', code: 'UNIMPLEMENTED' });
    const requests = Object.fromEntries(server.calls.map((call) => [call.name, call.request]));
    assert.deepEqual(requests.verify, { tenantId: 'acme', sessionId: SESSION_ID, consistency: 2, client: undefined });
    assert.deepEqual(requests.createIdentity?.metadata, { foo_bar: 'x' });
    assert.deepEqual(requests.revokeSession?.target, { $case: 'sessionId', value: SESSION_ID });
    assert.deepEqual(requests.updateIdentity?.metadata, { entries: { a_b: 'c' } });
    assert.equal(requests.updateIdentity?.expectedVersion, 3n);
    assert.deepEqual(requests.createSession?.authenticatedAt, at);
  });

  it('SDK-10 checks locally, and answers every line whatever it holds', async () => {
    const settings = { issuer: 'https://trust.example', audience: 'orders', jwks, now: NOW };
    const answers = await play([
      'oops',
      '',
      { id: 'a', do: 'verify', with: { session_id: '' } },
      { id: 'b', do: 'configure', with: settings },
      { id: 'c', do: 'verify_trust_token', with: { trust_token: token() } },
      { id: 'd', do: 'verify_trust_token', with: { trust_token: 'x' } },
      { id: 'e', do: 'check_session_id', with: { session_id: SESSION_ID } },
      { id: 'f', do: 'safe_return_path', with: { path: '//evil' } },
      { id: 'g', do: 'configure', with: { address: 'nowhere' } },
      { id: 'h', do: 'constructor' },
    ]);
    assert.deepEqual(answers, [
      { id: null, error: { reason: 'UNKNOWN', code: 'INVALID_ARGUMENT' } },
      { id: 'a', error: { reason: 'UNKNOWN', code: 'FAILED_PRECONDITION' } },
      { id: 'b', ok: {} },
      { id: 'c', ok: { claims: claims() } },
      { id: 'd', error: { reason: 'TRUST_TOKEN_REJECTED', code: 'TOKEN_MALFORMED' } },
      { id: 'e', ok: { well_formed: true } },
      { id: 'f', ok: { path: '/' } },
      { id: 'g', error: { reason: 'UNKNOWN', code: 'INVALID_ARGUMENT' } },
      { id: 'h', error: { reason: 'UNKNOWN', code: 'UNIMPLEMENTED' } },
    ]);
  });
});
