import type { FeedChange, SessionFacts } from '../../sdks/node/src/lease/facts.ts';
import type { Oracle } from './oracle.ts';
import type { Plan } from './plan.ts';
import { EPOCH } from './process.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

export interface FeedRow {
  readonly position: number;
  readonly change: FeedChange;
  readonly writtenAt: number;
}

/** Facts whose value is themselves, so that what an answer gave can be judged. */
export type Facts = SessionFacts<string>;

interface Session {
  key: string;
  version: number;
  revoked: boolean;
  readonly epoch: number;
  readonly handle: string;
  readonly identityId: string;
}

interface Identity {
  epoch: number;
  version: number;
}

export type Write = 'revoke' | 'rotate' | 'edit' | 'epoch';

const NEVER = EPOCH + 1e9;

/** One database: rows get their position when they are inserted and appear when their transaction commits. */
export class Database {
  rows: FeedRow[] = [];
  onCommit: () => void = () => {};
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #plan: Plan;
  readonly #oracle: Oracle;
  readonly #sessions = new Map<string, Session>();
  readonly #identities = new Map<string, Identity>();
  readonly #locked = new Set<string>();
  #position = 0;
  #names = 0;

  constructor(timeline: Timeline, random: Random, plan: Plan, oracle: Oracle) {
    this.#timeline = timeline;
    this.#random = random;
    this.#plan = plan;
    this.#oracle = oracle;
  }

  get now(): number {
    return EPOCH + this.#timeline.now;
  }

  addIdentity(id: string): void {
    this.#identities.set(id, { epoch: 1, version: 1 });
  }

  addSession(identityId: string): string {
    const { epoch } = this.#identity(identityId);
    const handle = `ses_${++this.#names}`;
    const key = `key_${handle}_1`;
    this.#sessions.set(handle, { key, handle, version: 1, revoked: false, epoch, identityId });
    return key;
  }

  get liveSessions(): readonly { readonly handle: string; readonly key: string; readonly identityId: string }[] {
    return [...this.#sessions.values()].filter((session) => this.#active(session));
  }

  /** What a look-up by session_id finds active; undefined is a rejection. */
  read(key: string): Facts | undefined {
    for (const session of this.#sessions.values()) {
      if (session.key !== key || !this.#active(session)) continue;
      const { handle, version, identityId, epoch } = session;
      const identityVersion = this.#identity(identityId).version;
      const value = `${handle}/${version}/${identityId}/${epoch}/${identityVersion}`;
      const times = { expiresAt: NEVER, lastUsedAt: this.now, idleTimeoutMs: 1e9 };
      return { handle, version, identityId, epoch, identityVersion, ...times, value };
    }
    return undefined;
  }

  /** Rows after a position, as one statement sees them. */
  feed(after: number): { readonly rows: readonly FeedRow[]; readonly time: number } {
    return { rows: this.rows.filter(({ position }) => position > after), time: this.now };
  }

  /** Deletes rows that are older than what is kept. */
  prune(): void {
    const before = this.now - this.#plan.feed.keptMs;
    this.rows = this.rows.filter(({ writtenAt }) => writtenAt > before);
  }

  /** Writes in a transaction that takes its time; undefined to `done` if it could not be begun. */
  write(kind: Write, handle: string, done: (change: FeedChange | undefined) => void): void {
    const session = this.#sessions.get(handle);
    const subject = kind === 'revoke' || kind === 'rotate' ? handle : session?.identityId;
    if (session === undefined || subject === undefined || session.revoked || this.#locked.has(subject)) {
      done(undefined);
      return;
    }
    this.#locked.add(subject);
    const lags = this.#plan.mutant.oneCounter === false && this.#random.chance(0.2);
    // Another counter, that is behind the first.
    const position = ++this.#position - (lags ? 40.5 : 0);
    const writtenAt = this.now;
    const { transactionMs, slowTransactions } = this.#plan.feed;
    const takes = this.#random.chance(slowTransactions)
      ? this.#random.between(0.3, 1) * transactionMs
      : this.#random.between(0, 10);
    this.#timeline.after(takes, () => {
      this.#locked.delete(subject);
      const change = kind === 'revoke' || kind === 'rotate' ? this.#turn(session, kind) : this.#raise(session, kind);
      this.rows.push({ position, change, writtenAt });
      this.rows.sort((a, b) => a.position - b.position);
      done(change);
      this.onCommit();
    });
  }

  #turn(session: Session, kind: 'revoke' | 'rotate'): FeedChange {
    session.version += 1;
    session.revoked = kind === 'revoke';
    if (kind === 'rotate') session.key = `key_${session.handle}_${session.version}`;
    this.#oracle.sessionRaised(session.handle, session.version, session.revoked);
    return { kind: 'session', handle: session.handle, version: session.version, revoked: session.revoked };
  }

  #raise({ identityId }: Session, kind: 'edit' | 'epoch'): FeedChange {
    const identity = this.#identity(identityId);
    if (kind === 'epoch') identity.epoch += 1;
    else identity.version += 1;
    this.#oracle.identityRaised(identityId, identity.epoch, identity.version);
    return { kind: 'identity', identityId, epoch: identity.epoch, version: identity.version };
  }

  #active(session: Session): boolean {
    return !session.revoked && session.epoch === this.#identity(session.identityId).epoch;
  }

  #identity(id: string): Identity {
    const identity = this.#identities.get(id);
    if (identity === undefined) throw new Error(`no identity ${id}`);
    return identity;
  }
}
