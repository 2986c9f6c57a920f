// A server for bench/local_verify.ts: it says yes to every session_id and proves every lease at once. Prints its port.
import { createHash } from 'node:crypto';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import {
  type BatchVerifyRequest,
  SessionServiceService,
  Verdict,
  type VerifyRequest,
  type WatchRequest,
  type WatchResponse,
} from '../../server/src/contract/gen/trust/v1/session.ts';

const AGENTS = Array.from(
  { length: 50 },
  (_, version) => `Mozilla/5.0 (X11; Linux x86_64; rv:${version}.0) Gecko/20100101 Firefox/${version}.0`,
);

/** What a session of an ordinary application says. */
function verdictOf(sessionId: string): Verdict {
  const hash = createHash('sha256').update(sessionId).digest('hex');
  const number = Number.parseInt(hash.slice(0, 8), 16);
  const now = Date.now();
  const identityId = `idn_${hash.slice(32)}`;
  const session = {
    handle: `ses_${hash.slice(0, 32)}`,
    tenantId: 'default',
    identityId,
    version: 1n,
    epoch: 1n,
    authenticatedAt: new Date(now - number / 100),
    acr: 'aal1',
    amr: ['pwd'],
    createdAt: new Date(now - number / 100),
    lastUsedAt: new Date(now - 1_000),
    expiresAt: new Date(now + 2_592_000_000),
    idleTimeoutSeconds: 1_209_600,
    device: {
      userAgent: AGENTS[number % AGENTS.length],
      ipAddress: `10.${number % 250}.${(number >> 8) % 250}.7`,
      label: '',
    },
  };
  const identity = {
    id: identityId,
    displayName: `Person ${number % 100_000}`,
    roles: ['member'],
    epoch: 1n,
    version: 3n,
  };
  return Verdict.fromPartial({ answer: { $case: 'active', value: { session, identity, cacheForMs: 0 } } } as never);
}

function watch(call: ServerDuplexStream<WatchRequest, WatchResponse>): void {
  call.on('data', ({ message }: WatchRequest) => {
    if (message?.$case === 'start') {
      call.write({ message: { $case: 'ready', value: { stalenessBoundMs: 2_000, backlogWindowMs: 360_000 } } });
    }
    if (message?.$case === 'ping') {
      const { number } = message.value;
      call.write({ message: { $case: 'pong', value: { number, databaseTime: new Date() } } });
    }
  });
  call.on('end', () => call.end());
  call.on('error', () => {});
}

const server = new Server();
server.addService(
  {
    watch: SessionServiceService.watch,
    verify: SessionServiceService.verify,
    batchVerify: SessionServiceService.batchVerify,
  },
  {
    watch,
    verify: (call: { readonly request: VerifyRequest }, done: (error: null, answer: object) => void) =>
      done(null, { verdict: verdictOf(call.request.sessionId) }),
    batchVerify: (call: { readonly request: BatchVerifyRequest }, done: (error: null, answer: object) => void) =>
      done(null, { verdicts: call.request.sessionIds.map(verdictOf) }),
  },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
