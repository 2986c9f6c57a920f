// Who wants to be told: of the end of one session (`onRevoked`), or of every change (`onChange`) (SDK-37).
import type { FeedChange, Notice } from '../lease/facts.ts';
import type { LeaseMachine } from '../lease/machine.ts';
import { elapsed, type Reading, surelyWithin } from '../lease/reading.ts';
import type { Clocks } from './clocks.ts';

/**
 * What an SDK was told: a change of the feed, or of this process itself. A change may be told more than once, and in
 * any order.
 */
export type ChangeNotice =
  | Notice
  /** A signing key was published or replaced: keys are worth reading again. */
  | { readonly kind: 'signing_key_changed'; readonly kid: string }
  /** Changes may have been missed for longer than the server keeps them: what lives on must be verified again. */
  | { readonly kind: 'changes_missed' };

/** `revoked`: the session has ended. `unsure`: that may have been missed; verify again, or close. */
export type RevokedReason = 'revoked' | 'unsure';

/** The session of a verdict, as far as `onRevoked` needs it. */
export interface WatchedSession {
  readonly handle: string;
  readonly identityId: string;
  readonly epoch: bigint;
}

interface Watched {
  readonly handle: string;
  readonly identityId: string;
  readonly epoch: number;
  readonly since: Reading;
  readonly callback: (reason: RevokedReason) => void;
}

// What the application throws is its own affair: it must not stop the stream, and is not swallowed either.
function contained(run: () => void): void {
  try {
    run();
  } catch (error) {
    queueMicrotask(() => process.emitWarning(error instanceof Error ? error : String(error)));
  }
}

export class Listeners {
  readonly #machine: LeaseMachine<unknown>;
  readonly #clocks: Clocks;
  readonly #changes = new Set<(notice: ChangeNotice) => void>();
  /** By handle and by identity id, whose forms differ. */
  readonly #watched = new Map<string, Set<Watched>>();
  readonly #all = new Set<Watched>();

  constructor(machine: LeaseMachine<unknown>, clocks: Clocks) {
    this.#machine = machine;
    this.#clocks = clocks;
  }

  onChange(callback: (notice: ChangeNotice) => void): () => void {
    // A callback that is given twice is called twice.
    const own = (notice: ChangeNotice) => callback(notice);
    this.#changes.add(own);
    return () => void this.#changes.delete(own);
  }

  onRevoked(session: WatchedSession, callback: (reason: RevokedReason) => void): () => void {
    const { handle, identityId } = session;
    const watched = { handle, identityId, epoch: Number(session.epoch), since: this.#clocks(), callback };
    this.#all.add(watched);
    for (const name of [handle, identityId]) {
      const those = this.#watched.get(name);
      if (those === undefined) this.#watched.set(name, new Set([watched]));
      else those.add(watched);
    }
    // It may have ended before anyone listened. The caller gets its way to stop first.
    queueMicrotask(() => this.#tellEnded([watched]));
    return () => this.#forget(watched);
  }

  /** A change came, and this is what the machine made of it. */
  changed(change: FeedChange, notice: Notice | undefined): void {
    if (change.kind === 'signing_key' && notice === undefined) {
      this.#tell({ kind: 'signing_key_changed', kid: change.kid });
    }
    if (notice === undefined) return;
    if (notice.kind === 'session_ended') this.#tellEnded(this.#watched.get(notice.handle));
    if (notice.kind === 'identity_changed') this.#tellEnded(this.#watched.get(notice.identityId));
    this.#tell(notice);
  }

  /** The backlog of a new stream is complete; `missed` if it does not reach back to the last proof. */
  ready(missed: boolean, windowMs: number, now: Reading): void {
    for (const watched of this.#all) {
      const uncovered = missed && !(elapsed(watched.since, now) < surelyWithin(windowMs));
      if (uncovered || this.#machine.missedSince(watched.since, now)) this.#call(watched, 'unsure');
    }
    if (missed) this.#tell({ kind: 'changes_missed' });
  }

  /** Tells those who have waited for a proof for too long. */
  check(now: Reading): void {
    if (this.#all.size === 0 || this.#machine.leased(now)) return;
    for (const watched of this.#all) {
      if (this.#machine.missedSince(watched.since, now)) this.#call(watched, 'unsure');
    }
  }

  clear(): void {
    this.#changes.clear();
    this.#all.clear();
    this.#watched.clear();
  }

  #tellEnded(those: Iterable<Watched> | undefined): void {
    for (const watched of [...(those ?? [])]) {
      if (this.#machine.ended(watched)) this.#call(watched, 'revoked');
    }
  }

  #call(watched: Watched, reason: RevokedReason): void {
    if (this.#forget(watched)) contained(() => watched.callback(reason));
  }

  #tell(notice: ChangeNotice): void {
    for (const callback of [...this.#changes]) contained(() => callback(notice));
  }

  #forget(watched: Watched): boolean {
    for (const name of [watched.handle, watched.identityId]) {
      const those = this.#watched.get(name);
      those?.delete(watched);
      if (those?.size === 0) this.#watched.delete(name);
    }
    return this.#all.delete(watched);
  }
}
