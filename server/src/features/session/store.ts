import type { Instant } from '../../kernel/clock.ts';
import type { Page, PageQuery } from '../../kernel/page.ts';
import type { Trail } from '../change/change.ts';
import type { Session, SessionWithIdentity } from './session.ts';

/** The latest use of a session. */
export type SessionUse = {
  readonly tenantId: string;
  readonly handle: string;
  readonly usedAt: Instant;
  /** Said by an SDK, not seen by this server: counts only where the session was not past its idle time-out then. */
  readonly reported?: boolean;
};

/** Which of an identity's sessions are active at an instant. */
export type ActiveFilter = {
  readonly tenantId: string;
  readonly identityId: string;
  readonly epoch: number;
  readonly now: Instant;
};

/** How many active sessions an identity may have, the new one included. */
export type SessionLimit = {
  readonly most: number;
  readonly now: Instant;
  /** What to write for one that ends to make room; without it the new one is refused. */
  readonly ending?: ((oldest: Session) => Trail) | undefined;
};

/** Every write appends its trail in the same transaction; a failed write leaves nothing behind. */
export type SessionStore = {
  /**
   * With a limit the sessions are counted under a lock: however many are made at once on however many nodes, no more are active than that. The
   * oldest end to make room, or the answer is `too_many`; `changed` if one of them changed meanwhile.
   * The session's organisation stays only if its identity is a member at that moment.
   */
  insert(session: Session, trail: Trail, limit?: SessionLimit): Promise<'ok' | 'too_many' | 'changed'>;
  /** The hot path: found by tenant and digest, compared byte by byte. Concurrent calls travel in one statement. Reads what was committed before the call. */
  readByDigest(tenantId: string, digest: string): Promise<SessionWithIdentity | undefined>;
  readByHandle(tenantId: string, handle: string): Promise<SessionWithIdentity | undefined>;
  /**
   * Writes `after` if the stored version is still that of `before`; false, and nothing written, if not. Leaves `lastUsedAt` and `organisationId`
   * alone. With an end go the sessions of agents that were sent from it.
   */
  replace(before: Session, after: Session, trail: Trail): Promise<boolean>;
  /** Not ended, of the epoch, not past a time-out; newest first by creation then handle. */
  listActive(filter: ActiveFilter, query: PageQuery): Promise<Page<Session>>;
  /** Raises the last use of sessions; never lowers it, changes no version, skips unknown handles, and reported uses of sessions that were idle too long or used just before. */
  recordUse(uses: readonly SessionUse[]): Promise<void>;
};
