// The client: one channel to the server, one method for each unary RPC.
import { inspect } from 'node:util';
import { Client, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { planChannel } from './channel.ts';
import type { ClientFacts, Question } from './client_facts.ts';
import {
  type BatchVerifyOptions,
  checkOptions,
  checkTimeout,
  isStrong,
  maxStaleOf,
  type TrustClientOptions,
  type VerifyOptions,
} from './client_options.ts';
import { TrustLayerError, toTrustLayerError } from './errors.ts';
import { ContractRpcs, secretFields } from './gen/rpcs.ts';
import {
  BatchVerifyRequest,
  Consistency,
  type MessageFns,
  SessionServiceService,
  VerifyRequest,
} from './gen/trust/v1/session.ts';
import type { TokenFacts } from './lease/facts.ts';
import type { TokenDecision } from './lease/machine.ts';
import type { CallOptions, Input, UnaryRpc } from './rpc.ts';
import { type ActiveVerdict, toVerdict, type Verdict } from './verdict.ts';
import { systemClocks } from './watch/clocks.ts';
import { ownChange } from './watch/feed.ts';
import type { TrustTokenOptions } from './watch/issued_tokens.ts';
import { KeepAlive } from './watch/keep_alive.ts';
import type { ChangeNotice, RevokedReason, WatchedSession } from './watch/listeners.ts';
import { malformed, Watcher, type WatchMetrics } from './watch/watcher.ts';

const NOT_ASKED: readonly string[] = ['UNAVAILABLE', 'DEADLINE_EXCEEDED'];

// All secrets are members of the request itself, or of its one `oneof`.
function secretsOf(request: object): string[] {
  return Object.entries(request).flatMap(([name, value]) => {
    const [field, secret] = value?.$case === undefined ? [name, value] : [value.$case, value.value];
    return secretFields.has(field) ? [secret].flat().filter((item) => typeof item === 'string') : [];
  });
}

/**
 * A client of the Trust Layer: holds one channel, is safe to share, and should live as long as the process.
 *
 * Every method rejects with `TrustLayerError` when no decision was made; treat that as a denial. Requests may be
 * partial and need no tenant. Messages, bounds and errors are those of `proto/trust/v1`.
 */
export class TrustClient extends ContractRpcs {
  readonly #client: Client;
  readonly #address: string;
  readonly #tenantId: string;
  readonly #timeoutMs: number;
  readonly #serviceKey: string | undefined;
  readonly #watcher: Watcher;
  readonly #keepAlive = new KeepAlive();
  #closed = false;

  /** @throws TypeError or RangeError if an option is malformed; the text never holds its value */
  constructor(options: TrustClientOptions) {
    super();
    const { serviceKey, tenantId = 'default', timeoutMs = 3_000, watch = true, maxEntries = 100_000 } = options;
    checkOptions(options);
    const plan = planChannel(options);
    this.#address = [options.address].flat().join(',');
    this.#tenantId = tenantId === '' ? 'default' : tenantId;
    this.#timeoutMs = timeoutMs;
    this.#serviceKey = serviceKey;
    this.#client = new Client(plan.target, plan.credentials, plan.options);
    this.#watcher = new Watcher({
      watch,
      maxEntries,
      tenantId: this.#tenantId,
      timeoutMs,
      clocks: options.clocks ?? systemClocks,
      connect: () => {
        const { path, requestSerialize, responseDeserialize } = SessionServiceService.watch;
        return this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, this.#metadata());
      },
      ask: (questions, strong, options) => this.#ask(questions, strong, options),
      issue: (request, options) => this.issueTrustToken(request, options),
    });
  }

  /** Tenant that is put into requests which name none. */
  get tenantId(): string {
    return this.#tenantId;
  }

  /**
   * Says whether a session_id stands for an active session: from memory while the lease holds, else by asking the
   * server. Scope `sessions:verify`. Where the tenant binds sessions, give `client`; the middleware does.
   * @param sessionId - what the client sent, whole; at most 256 bytes
   * @returns the verdict; a malformed, unknown, expired or revoked session is an answer, not an error
   */
  verify(sessionId: string, options?: VerifyOptions): Promise<Verdict> {
    if (options === undefined) {
      const local = this.#watcher.local(sessionId);
      if (local !== undefined) return Promise.resolve(local);
    }
    return this.#verify(sessionId, options);
  }

  /**
   * `verify` without a call, for code that cannot wait.
   * @returns the verdict of memory, or `undefined`: ask
   */
  verifyLocal(sessionId: string, client?: ClientFacts): ActiveVerdict | undefined {
    return this.#watcher.local(sessionId, client);
  }

  /**
   * Says it of 1 to 256 session_ids at once; what memory does not know goes in one call. Scope `sessions:verify`.
   * @returns one verdict for each, in their order
   */
  async batchVerify(sessionIds: readonly string[], options?: BatchVerifyOptions): Promise<Verdict[]> {
    if (!Array.isArray(sessionIds) || !sessionIds.every((sessionId) => typeof sessionId === 'string')) {
      throw new TypeError('sessionIds must be a list of strings');
    }
    const strong = isStrong(options);
    const clients = options?.clients;
    if (clients !== undefined && clients.length !== sessionIds.length) {
      throw new TypeError('clients must be one for each session_id');
    }
    const questions = sessionIds.map((sessionId, index) => ({ sessionId, client: clients?.[index] }));
    // What the contract does not allow is the server's to refuse, by the place in the whole list.
    const allowed = sessionIds.length > 0 && sessionIds.length <= 256;
    if (allowed && sessionIds.every((sessionId) => Buffer.byteLength(sessionId) <= 256)) {
      return this.#watcher.askAll(questions, strong, options);
    }
    return this.#askBatch(questions, strong, options ?? {});
  }

  /**
   * Calls back once when a session has ended (`revoked`), or when its end may have been missed (`unsure`: verify
   * again, or close). For what outlives a request: WebSockets, streams, long answers.
   * @param session - of a verdict
   * @returns a function that ends it
   * @throws TypeError if the client does not watch
   */
  onRevoked(session: WatchedSession, callback: (reason: RevokedReason) => void): () => void {
    return this.#watcher.onRevoked(session, callback);
  }

  /**
   * Calls back at every change that this client is told of, those of the last minutes included.
   * @returns a function that ends it
   * @throws TypeError if the client does not watch
   */
  onChange(callback: (notice: ChangeNotice) => void): () => void {
    return this.#watcher.onChange(callback);
  }

  /**
   * A Trust Token of a session for one audience, from memory for 80 % of its life. Scope `tokens:issue`.
   * Errors: those of `issueTrustToken`, which is the call itself.
   */
  trustToken(sessionId: string, audience: string, options: TrustTokenOptions = {}): Promise<string> {
    return this.#watcher.trustToken(sessionId, audience, options);
  }

  /**
   * Waits for a lease, and opens the stream if that was not done yet.
   * @param timeoutMs - default: that of a call
   * @returns whether there is one
   */
  awaitLease(timeoutMs: number = this.#timeoutMs): Promise<boolean> {
    return this.#watcher.awaitLease(checkTimeout(timeoutMs));
  }

  /** What memory says of a Trust Token at this moment, and the wall clock of it in ms since 1970. `Verifier` asks it. */
  judgeToken(token: TokenFacts): { readonly decision: TokenDecision; readonly at: number } {
    return this.#watcher.judgeToken(token);
  }

  /** Numbers since the client was made. */
  metrics(): WatchMetrics {
    return this.#watcher.metrics();
  }

  /** Reports the last uses, ends the stream and closes the channel. Calls that are under way end with an error. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watcher.close();
    this.#client.close();
  }

  /** Names address and tenant only (SDK-7). */
  toJSON(): { address: string; tenantId: string } {
    return { address: this.#address, tenantId: this.#tenantId };
  }

  [inspect.custom](): string {
    return `TrustClient ${inspect(this.toJSON())}`;
  }

  async #verify(sessionId: string, options: VerifyOptions | undefined): Promise<Verdict> {
    if (typeof sessionId !== 'string') {
      return { active: false, reason: 'MALFORMED' };
    }
    const strong = isStrong(options);
    const maxStaleMs = maxStaleOf(options);
    const question = { sessionId, client: options?.client };
    const local = malformed(sessionId) ?? (strong ? undefined : this.#watcher.local(sessionId, question.client));
    if (local !== undefined) {
      return local;
    }
    this.#watcher.start();
    try {
      return await this.#watcher.ask(question, strong, options);
    } catch (error) {
      const asked = !(error instanceof TrustLayerError && NOT_ASKED.includes(error.code));
      const stale = asked || maxStaleMs === undefined ? undefined : this.#watcher.degraded(question, maxStaleMs);
      if (stale === undefined) throw error;
      return stale;
    }
  }

  async #ask(questions: readonly Question[], strong: boolean, options: CallOptions): Promise<Verdict[]> {
    const [question] = questions;
    if (questions.length > 1 || question === undefined) return this.#askBatch(questions, strong, options);
    const { sessionId, client } = question;
    const request = { sessionId, client, consistency: strong ? Consistency.STRONG : Consistency.BOUNDED };
    return [toVerdict((await this.call(SessionServiceService.verify, VerifyRequest, request, options)).verdict)];
  }

  async #askBatch(questions: readonly Question[], strong: boolean, options: CallOptions): Promise<Verdict[]> {
    const sessionIds = questions.map(({ sessionId }) => sessionId);
    const known = questions.some(({ client }) => client !== undefined);
    const clients = known ? questions.map(({ client }) => client ?? {}) : [];
    const request = { sessionIds, clients, consistency: strong ? Consistency.STRONG : Consistency.BOUNDED };
    const answer = await this.call(SessionServiceService.batchVerify, BatchVerifyRequest, request, options);
    if (answer.verdicts.length !== sessionIds.length) {
      // Verdicts that cannot be matched to their questions decide nothing.
      throw new TrustLayerError({ reason: 'UNKNOWN', code: 'INTERNAL', message: 'not one verdict for each question' });
    }
    return answer.verdicts.map(toVerdict);
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    if (this.#serviceKey !== undefined) {
      metadata.set('authorization', `Bearer ${this.#serviceKey}`);
    }
    return metadata;
  }

  protected call<Request, Response>(
    rpc: UnaryRpc<Request, Response>,
    type: Pick<MessageFns<Request>, 'fromPartial'>,
    request: Input<Request>,
    options: CallOptions = {},
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const { timeoutMs = this.#timeoutMs, signal } = options;
      const deadline = Date.now() + checkTimeout(timeoutMs);
      const given = request as { readonly tenantId?: string };
      const message = type.fromPartial({ ...given, tenantId: given.tenantId || this.#tenantId } as never);
      const secrets = [this.#serviceKey ?? '', ...secretsOf(message as object)];
      if (signal?.aborted || this.#closed) {
        const message = this.#closed ? 'the client is closed' : '';
        reject(new TrustLayerError({ reason: 'CANCELLED', code: 'CANCELLED', message }));
        return;
      }
      const { path, requestSerialize, responseDeserialize } = rpc;
      const cancel = () => call.cancel();
      const done = (failed: ServiceError | null, answer?: Response) => {
        signal?.removeEventListener('abort', cancel);
        this.#keepAlive.end();
        if (failed !== null) {
          reject(toTrustLayerError(failed, secrets));
        } else if (answer === undefined) {
          const details = 'the answer is empty';
          reject(toTrustLayerError({ code: status.INTERNAL, details, metadata: new Metadata() }));
        } else {
          const changed = ownChange(path, message as object, answer as object);
          if (changed !== undefined) this.#watcher.ownChange(changed);
          resolve(answer);
        }
      };
      this.#keepAlive.begin();
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        message,
        this.#metadata(),
        { deadline },
        done,
      );
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }
}
