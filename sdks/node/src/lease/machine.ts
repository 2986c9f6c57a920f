// The lease protocol of spec/06_watch.md as a pure state machine: events in, decisions out, time an argument. It does
// no I/O, reads no clock and sets no timer. An SDK feeds it from Watch; a server node from its own reads of the feed.
import { Aside } from './aside.ts';
import type { AnswerUse, Ask, TokenDecision, Use } from './decisions.ts';
import { Entries, type Entry } from './entries.ts';
import type { FeedChange, Notice, SessionFacts, TokenFacts } from './facts.ts';
import { NOWHERE } from './key_index.ts';
import { Lease } from './lease.ts';
import { elapsed, Moments, type Reading, surelyPast, surelyWithin } from './reading.ts';
import type { LeaseSettings } from './settings.ts';
import { Tombstones } from './tombstones.ts';

export type { AnswerUse, Ask, TokenDecision, Use } from './decisions.ts';

const MAX_USE_AGE_MS = 60_000;

/**
 * One machine per tenant and server. Events of a stream name it by the number that `open` gave; those of any other
 * are ignored.
 * @typeParam T - what a local answer gives
 */
export class LeaseMachine<T> {
  protected readonly settings: LeaseSettings;
  protected readonly tombstones: Tombstones;
  protected readonly entries: Entries<T>;
  protected readonly lease: Lease;
  protected readonly tenantId: string | undefined;
  /** Streams opened so far; the last is the present one. */
  #stream = 0;
  #connected = false;
  #ready = false;
  /** Whether the present stream has proved anything yet. */
  #proven = false;
  #windowMs: number;
  /** When a change came that memory cannot tell from others (a tenant's). Monotonic. */
  #barrier = -Infinity;
  #uses: Entry<T>[] = [];
  readonly #moments = new Moments();
  readonly #aside: Aside<T>;

  /** @param tenantId - changes of other tenants are ignored; undefined means that there are none such */
  constructor(settings: LeaseSettings, tenantId?: string) {
    this.settings = settings;
    this.tenantId = tenantId;
    this.tombstones = new Tombstones(settings.maxTombstones);
    this.entries = new Entries(settings.maxEntries);
    this.#aside = new Aside(settings.maxEntries, settings.maxAgeMs);
    this.lease = new Lease(settings.boundMs);
    this.#windowMs = settings.windowMs;
  }

  /** A stream is about to be opened: the cache starts empty. Gives the number of the stream. */
  open(): number {
    this.#stream += 1;
    this.#connected = true;
    this.#ready = false;
    this.#proven = false;
    this.emptied();
    this.lease.reset();
    return this.#stream;
  }

  /** The stream has ended. What the lease proved stays proved until it runs out. */
  close(stream: number): void {
    if (stream === this.#stream) this.#connected = false;
  }

  /** Numbers a ping; undefined if the stream is not the present one. Read `now` before sending. */
  ping(stream: number, now: Reading): number | undefined {
    this.#aside.tidy(now);
    return this.#current(stream) ? this.lease.ping(now) : undefined;
  }

  /**
   * The backlog is complete.
   * @returns whether changes may have been missed since the last proof, so that what lives on (an open connection of a
   *   person) must be verified again
   */
  ready(stream: number, boundMs: number, windowMs: number, now: Reading): { readonly missed: boolean } {
    if (!this.#current(stream)) return { missed: false };
    this.lease.announce(boundMs);
    this.#windowMs = Math.max(this.settings.windowMs, windowMs);
    this.#ready = true;
    const proven = this.lease.provenAt;
    // The backlog reaches back by what the server keeps, whatever is kept here.
    return { missed: proven !== undefined && !(elapsed(proven, now) < surelyWithin(windowMs)) };
  }

  /** @param databaseTime - the database's clock at the read behind the pong, ms since 1970 */
  pong(stream: number, number: number, databaseTime: number): void {
    if (this.#current(stream) && this.#ready && this.lease.pong(number, databaseTime)) this.#proven = true;
  }

  /** A change of the backlog or a new one. */
  change(stream: number, change: FeedChange, now: Reading): Notice | undefined {
    return this.#current(stream) ? this.apply(change, now) : undefined;
  }

  /** What this process changed itself, once the server has answered: at once, with or without a stream. */
  ownChange(change: FeedChange, now: Reading): Notice | undefined {
    if (change.kind === 'tenant') this.#barrier = now.mono;
    return this.apply(change, now);
  }

  // ---- questions

  /** Whether the lease holds. */
  leased(now: Reading): boolean {
    return this.lease.age(now) >= 0;
  }

  /** A local answer, or undefined: ask. Counts as a use of the session. */
  verify(key: string, now: Reading): T | undefined {
    const place = this.entries.find(key);
    if (place === NOWHERE) return undefined;
    // The database's clock now at most. NaN without a lease, and nothing is less than that.
    const time = this.lease.databaseTime + this.lease.age(now);
    return this.entries.serves(place, time) ? this.#use(place, time) : undefined;
  }

  /**
   * An answer without a lease, for a caller that could not ask and would rather have an old one: a yes that was asked
   * for less than `maxStaleMs` ago and that nothing known here speaks against. Counts as a use of the session.
   */
  degraded(key: string, now: Reading, maxStaleMs: number): T | undefined {
    const entry = this.entries.get(key) ?? this.#aside.get(key);
    if (entry === undefined || !this.#admits(entry.facts, entry.asked.at, this.settings.sourceBoundMs))
      return undefined;
    if (!(elapsed(entry.asked.at, now) < surelyWithin(Math.min(maxStaleMs, this.settings.maxAgeMs)))) return undefined;
    const time = this.lease.latestDatabaseTime(now) ?? NaN;
    const { expiresAt, idleTimeoutMs } = entry.facts;
    if (!(time < expiresAt && time < this.entries.lastUsedAt(entry) + idleTimeoutMs)) return undefined;
    const { place, left } = entry;
    if (left === undefined) return this.#use(place, time);
    left.lastUsedAt = time;
    if (!left.unreported && this.#mayNote()) {
      left.unreported = true;
      this.#uses.push(entry);
    }
    return entry.facts.value;
  }

  /** Notes a question to the source at the moment before it is sent; `strong` if the source is to read the database. */
  ask(now: Reading, strong = false): Ask {
    const sourceBoundMs = strong ? 0 : this.settings.sourceBoundMs;
    return { stream: this.#connected && this.#proven ? this.#stream : 0, at: now, sourceBoundMs };
  }

  /** Judges a remote answer. `facts` are undefined for a rejection, which is always used and never kept. */
  answered(ask: Ask, key: string, facts: SessionFacts<T> | undefined, now: Reading): AnswerUse {
    const before = this.entries.get(key);
    if (facts === undefined) {
      if (before !== undefined) this.entries.remove(before);
      this.#aside.delete(key);
      return 'used';
    }
    if (!(elapsed(ask.at, now) < surelyWithin(this.lease.boundMs - ask.sourceBoundMs))) return 'late';
    const known = this.entries.ofHandle(facts.handle);
    if (!this.#admits(facts, ask.at, ask.sourceBoundMs) || (known && known.facts.version > facts.version)) {
      return 'superseded';
    }
    if (!this.#current(ask.stream)) return 'used';
    const servesUntil = (this.lease.latestDatabaseTime(ask.at) ?? NaN) + this.settings.maxAgeMs;
    this.entries.put(key, facts, this.#moments.of(ask.at, servesUntil));
    this.#aside.delete(key);
    return 'kept';
  }

  /** Whether a Trust Token that is otherwise good may be accepted. Its own instants must be judged by the same `now.wall`. */
  token(token: TokenFacts, now: Reading): TokenDecision {
    if (!this.tombstones.admitsToken(token)) return 'refuse';
    const proven = this.lease.provenAt;
    if (proven === undefined || !this.leased(now)) return 'unknown';
    // A slow clock would let a token live on after its tombstone.
    const slow = proven.wall + this.settings.clockMarginMs < this.lease.databaseTime || now.wall < proven.wall;
    const complete = now.mono - this.tombstones.droppedAt > surelyPast(this.#windowMs);
    return slow || !complete ? 'unknown' : 'accept';
  }

  /** Whether a change has ended this session, or all sessions of its epoch. */
  ended(session: Pick<SessionFacts<unknown>, 'handle' | 'identityId' | 'epoch'>): boolean {
    return this.tombstones.ended(session);
  }

  /** Whether changes that came after `since` may be missing here: W has passed since then, and since the last proof. */
  missedSince(since: Reading, now: Reading): boolean {
    const spanMs = Math.min(elapsed(since, now), elapsed(this.lease.provenAt ?? since, now));
    return !(spanMs < surelyWithin(this.#windowMs));
  }

  /** Milliseconds since the ping whose pong holds the lease; undefined without one. */
  leaseAge(now: Reading): number | undefined {
    const age = this.lease.age(now);
    return age >= 0 ? age : undefined;
  }

  /** Whether this machine's wall clock may stamp a Trust Token (a node's). Read `now` before the session is looked up. */
  mayStamp(now: Reading): boolean {
    return this.leased(now) && now.wall <= this.lease.databaseTime + this.settings.clockMarginMs;
  }

  /** Takes the uses that are not reported yet, at most `limit`. */
  takeUses(now: Reading, limit = 1_024): readonly Use[] {
    const time = this.lease.latestDatabaseTime(now) ?? 0;
    return this.#uses.splice(0, limit).flatMap((entry) => {
      this.entries.reported(entry);
      const ageMs = Math.max(0, Math.ceil(time - this.entries.lastUsedAt(entry)));
      return ageMs <= MAX_USE_AGE_MS ? [{ handle: entry.facts.handle, ageMs }] : [];
    });
  }

  /** How much is held. */
  get size(): { readonly entries: number; readonly tombstones: number } {
    return { entries: this.entries.size, tombstones: this.tombstones.size };
  }

  // ---- what the events do

  protected emptied(): void {
    this.#aside.put(this.entries.clear());
  }

  protected apply(change: FeedChange, now: Reading): Notice | undefined {
    if (this.tenantId !== undefined && change.tenantId && change.tenantId !== this.tenantId) return undefined;
    // By the monotonic clock alone: a step of the other must not end a no.
    const at = now.mono;
    this.tombstones.forget(at - surelyPast(this.#windowMs));
    switch (change.kind) {
      case 'session': {
        const { handle, revoked } = change;
        const version = revoked ? Infinity : change.version;
        this.tombstones.raiseSession(handle, version, at);
        this.#evict(this.entries.ofHandle(handle));
        return revoked ? { kind: 'session_ended', handle } : { kind: 'session_changed', handle, version };
      }
      case 'identity': {
        const { identityId, epoch, version } = change;
        this.tombstones.raiseIdentity(identityId, epoch, version, at);
        for (const entry of this.entries.ofIdentity(identityId)) this.#evict(entry);
        return { kind: 'identity_changed', identityId, belowEpoch: epoch };
      }
      case 'organisation': {
        const { organisationId, identityId, version } = change;
        this.tombstones.raiseOrganisation(organisationId, identityId, version, at);
        for (const entry of this.entries.ofOrganisation(organisationId, identityId)) this.#evict(entry);
        return { kind: 'organisation_changed', organisationId, identityId };
      }
      case 'signing_key': {
        if (!change.retired) return undefined;
        this.tombstones.refuseKey(change.kid, at);
        return { kind: 'signing_key_retired', kid: change.kid };
      }
      case 'tenant':
        this.entries.clear();
        this.#aside.clear();
        // What comes before `ready` may be as old as the backlog; no answer that was asked for before it is kept.
        if (this.#ready) this.#barrier = at;
        return { kind: 'tenant_changed' };
      case 'service':
        return { kind: 'service_changed', service: change.service };
    }
  }

  /** An entry goes only if it is older than what the tombstone asks for. */
  #evict(entry: Entry<T> | undefined): void {
    if (entry !== undefined && !this.tombstones.admits(entry.facts)) this.entries.remove(entry);
  }

  /** What the source said when asked may be older than a tombstone, also than one that is no longer there. */
  #admits(facts: SessionFacts<T>, asked: Reading, sourceBoundMs: number): boolean {
    const sinceHorizon = asked.mono - Math.max(this.tombstones.droppedAt, this.#barrier);
    return this.tombstones.admits(facts) && sinceHorizon > surelyPast(sourceBoundMs);
  }

  #use(place: number, time: number): T {
    if (!this.entries.isUnreported(place) && this.#mayNote()) this.#uses.push(this.entries.report(place));
    return this.entries.use(place, time);
  }

  /** As many as there may be entries; beyond that a report goes missing, which can only end a session early. */
  #mayNote(): boolean {
    return this.#uses.length < this.settings.maxEntries;
  }

  #current(stream: number): boolean {
    return this.#connected && stream === this.#stream && stream > 0;
  }
}
