// The memory of a client: the machine, the stream that feeds it, and everything that asks it.
import { boundKey, type ClientFacts, type Question } from '../client_facts.ts';
import type { IssueTrustTokenRequest } from '../gen/trust/v1/trust_token.ts';
import type { FeedChange, TokenFacts } from '../lease/facts.ts';
import { LeaseMachine, type TokenDecision } from '../lease/machine.ts';
import { SDK_LEASE } from '../lease/settings.ts';
import type { CallOptions, Input } from '../rpc.ts';
import { isSessionId } from '../session_id.ts';
import type { ActiveVerdict, Verdict } from '../verdict.ts';
import type { Clocks } from './clocks.ts';
import { IssuedTokens, type TrustTokenOptions } from './issued_tokens.ts';
import { answerOf, degradedAnswerOf, type KeptVerdict } from './kept_verdict.ts';
import { type ChangeNotice, Listeners, type RevokedReason, type WatchedSession } from './listeners.ts';
import { type AskServer, Misses } from './misses.ts';
import { type WatchCall, WatchStream } from './stream.ts';

/** Numbers of a client since it was made (SDK-41). */
export interface WatchMetrics {
  /** Questions that memory answered. */
  readonly hits: number;
  /** Questions that went to the server. */
  readonly misses: number;
  /** Answers without a lease, which their callers had asked for. */
  readonly degraded: number;
  /** Calls that carried misses. */
  readonly batches: number;
  /** Milliseconds since the proof on which the lease rests; `undefined` without a lease. */
  readonly leaseAgeMs: number | undefined;
  /** Sessions in memory. */
  readonly entries: number;
  /** What is remembered of changes. */
  readonly tombstones: number;
  /** Streams opened so far. */
  readonly streams: number;
}

/** What a client lends to its memory. */
export interface WatcherParts {
  readonly watch: boolean;
  readonly maxEntries: number;
  readonly tenantId: string;
  readonly timeoutMs: number;
  readonly clocks: Clocks;
  readonly connect: () => WatchCall;
  readonly ask: AskServer;
  readonly issue: (
    request: Input<IssueTrustTokenRequest>,
    options: CallOptions,
  ) => Promise<{ readonly trustToken: string }>;
}

export class Watcher {
  readonly #parts: WatcherParts;
  readonly #clocks: Clocks;
  readonly #machine: LeaseMachine<KeptVerdict>;
  readonly #stream: WatchStream;
  readonly #misses: Misses;
  readonly #listeners: Listeners;
  readonly #tokens: IssuedTokens;
  readonly #waiters = new Set<(leased: boolean) => void>();
  #started = false;
  #closed = false;
  #hits = 0;
  #missed = 0;
  #degraded = 0;

  constructor(parts: WatcherParts) {
    const { clocks, tenantId, maxEntries, timeoutMs } = parts;
    this.#parts = parts;
    this.#clocks = clocks;
    const machine = new LeaseMachine<KeptVerdict>({ ...SDK_LEASE, maxEntries }, tenantId);
    this.#machine = machine;
    this.#listeners = new Listeners(machine, clocks);
    this.#misses = new Misses(machine, clocks, parts.ask, timeoutMs);
    this.#tokens = new IssuedTokens(machine, clocks, parts.issue);
    this.#stream = new WatchStream(machine, clocks, tenantId, parts.connect, {
      opened: () => this.#tokens.clear(),
      changed: (change, notice) => {
        this.#tokens.changed(change);
        this.#listeners.changed(change, notice);
      },
      ready: (missed, windowMs, now) => this.#listeners.ready(missed, windowMs, now),
      proven: (now) => {
        if (machine.leased(now)) this.#tellLeased(true);
      },
      tick: (now) => this.#listeners.check(now),
    });
  }

  /** The verdict of memory, or `undefined`: ask. That of a bound session is there for its client alone. */
  local(sessionId: string, client?: ClientFacts): ActiveVerdict | undefined {
    // JavaScript may give anything.
    if (typeof sessionId !== 'string') return undefined;
    const now = this.#clocks();
    const kept =
      this.#machine.verify(sessionId, now) ??
      (client === undefined ? undefined : this.#machine.verify(boundKey({ sessionId, client }), now));
    if (kept === undefined || this.#closed) {
      if (!this.#started) this.start();
      return undefined;
    }
    this.#hits += 1;
    return answerOf(kept);
  }

  /** Asks the server, with others of the same moment unless the call has options of its own. */
  async ask(question: Question, strong: boolean, options: CallOptions | undefined): Promise<Verdict> {
    this.#missed += 1;
    if (options?.timeoutMs === undefined && options?.signal === undefined) return this.#misses.join(question, strong);
    const [verdict] = await this.#misses.alone([question], strong, options);
    return verdict as Verdict;
  }

  /** Asks about all that memory does not know, in one call. */
  async askAll(questions: readonly Question[], strong: boolean, options: CallOptions | undefined): Promise<Verdict[]> {
    if (!this.#started) this.start();
    const verdicts = questions.map(
      ({ sessionId, client }) => malformed(sessionId) ?? (strong ? undefined : this.local(sessionId, client)),
    );
    const left = questions.filter((_, index) => verdicts[index] === undefined);
    this.#missed += left.length;
    const answers = left.length === 0 ? [] : await this.#misses.alone(left, strong, options);
    return verdicts.map((verdict) => verdict ?? (answers.shift() as Verdict));
  }

  degraded(question: Question, maxStaleMs: number): ActiveVerdict | undefined {
    const now = this.#clocks();
    const kept =
      this.#machine.degraded(question.sessionId, now, maxStaleMs) ??
      this.#machine.degraded(boundKey(question), now, maxStaleMs);
    if (kept === undefined) return undefined;
    this.#degraded += 1;
    return degradedAnswerOf(kept);
  }

  ownChange(change: FeedChange): void {
    const notice = this.#machine.ownChange(change, this.#clocks());
    this.#tokens.changed(change);
    this.#listeners.changed(change, notice);
  }

  start(): void {
    this.#started = true;
    if (this.#parts.watch && !this.#closed) this.#stream.start();
  }

  close(): void {
    this.#closed = true;
    this.#stream.close();
    this.#tokens.clear();
    this.#listeners.clear();
    this.#tellLeased(false);
  }

  onRevoked(session: WatchedSession, callback: (reason: RevokedReason) => void): () => void {
    this.#mustWatch('onRevoked');
    return this.#listeners.onRevoked(session, callback);
  }

  onChange(callback: (notice: ChangeNotice) => void): () => void {
    this.#mustWatch('onChange');
    return this.#listeners.onChange(callback);
  }

  trustToken(sessionId: string, audience: string, options: TrustTokenOptions): Promise<string> {
    this.start();
    return this.#tokens.get(sessionId, audience, options);
  }

  judgeToken(token: TokenFacts): { readonly decision: TokenDecision; readonly at: number } {
    const now = this.#clocks();
    return { decision: this.#machine.token(token, now), at: now.wall };
  }

  awaitLease(timeoutMs: number): Promise<boolean> {
    this.start();
    if (this.#machine.leased(this.#clocks())) return Promise.resolve(!this.#closed);
    if (!this.#parts.watch || this.#closed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const told = (leased: boolean) => {
        clearTimeout(timer);
        this.#waiters.delete(told);
        resolve(leased);
      };
      const timer = setTimeout(told, timeoutMs, false);
      this.#waiters.add(told);
    });
  }

  metrics(): WatchMetrics {
    const { entries, tombstones } = this.#machine.size;
    return {
      hits: this.#hits,
      misses: this.#missed,
      degraded: this.#degraded,
      batches: this.#misses.batches,
      leaseAgeMs: this.#machine.leaseAge(this.#clocks()),
      entries,
      tombstones,
      streams: this.#stream.opened,
    };
  }

  #mustWatch(name: string): void {
    if (!this.#parts.watch) throw new TypeError(`${name} needs a client that watches`);
    this.start();
  }

  #tellLeased(leased: boolean): void {
    for (const told of [...this.#waiters]) told(leased);
  }
}

/** A local answer about the form (SDK-31). What is longer than the contract allows is an error, which the server gives. */
export function malformed(sessionId: string): Verdict | undefined {
  const isLocal = !isSessionId(sessionId) && Buffer.byteLength(sessionId) <= 256;
  return isLocal ? { active: false, reason: 'MALFORMED' } : undefined;
}
