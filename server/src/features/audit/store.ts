import type { Instant } from '../../kernel/clock.ts';
import type { Page, PageQuery } from '../../kernel/page.ts';
import type { AuditEvent } from './audit.ts';
import type { ChainedEvent, Place, StoredEvent } from './chain.ts';
import type { Checkpoint } from './checkpoint.ts';

export type AuditFilter = { readonly tenantId: string; readonly identityId?: string; readonly action?: string };

/** A session and when it began. */
export type Begun = {
  readonly tenantId: string;
  readonly handle: string;
  readonly identityId: string;
  readonly createdAt: Instant;
};

export type AuditStore = {
  /** Appends events that belong to no other write (refusals, batches of token issues). All or none. */
  append(events: readonly AuditEvent[]): Promise<void>;
  /** Events that may have ended a session of an identity, the oldest first, at most `limit`: its own end, and all that raised the identity's epoch. */
  endings(session: Begun, limit: number): Promise<readonly AuditEvent[]>;
  /** The event of a session's beginning, at some time in a span. */
  beginning(session: Pick<Begun, 'tenantId' | 'handle'>, from: Instant, to: Instant): Promise<AuditEvent | undefined>;
  /** Newest first, by instant then id. */
  list(filter: AuditFilter, query: PageQuery): Promise<Page<AuditEvent>>;
};

/** What sealing writes: the place of each event, in their order, a checkpoint of the last, and an older one that is not needed any more. */
export type Sealing = {
  readonly places: readonly Place[];
  readonly checkpoint: Checkpoint;
  readonly superseded: Checkpoint | undefined;
};

/** What cutting writes: a checkpoint up to which all events and checkpoints are deleted. */
export type Cut = (checkpoints: readonly Checkpoint[], rows: readonly ChainedEvent[]) => Checkpoint | undefined;

export type ChainStore = {
  /**
   * Chains the events that are not chained yet, at most `limit`, by tenant, instant and id. One node at a time: `seal` is given the newest
   * checkpoints of a tenant, the newest first, and its events. Answers how many events were chained.
   */
  seal(
    limit: number,
    seal: (tenantId: string, newest: readonly Checkpoint[], events: readonly StoredEvent[]) => Sealing,
  ): Promise<number>;
  /**
   * Deletes the beginning of a chain whose oldest event was before an instant: `cut` is given the tenant's oldest checkpoints, the oldest first,
   * and its chained events up to the last of these, the oldest first. One node at a time. Answers how many events were deleted.
   */
  cut(before: Instant, cut: Cut): Promise<number>;
  /** Checkpoints of a tenant, or of all, by tenant, place and kind, after one of them. */
  checkpoints(
    tenantId: string | undefined,
    after: Checkpoint | undefined,
    limit: number,
  ): Promise<readonly Checkpoint[]>;
  /** Chained events of all tenants by place then tenant, after one of these; about `limit`, and all of each place. */
  chained(after: { readonly seq: number; readonly tenantId: string }, limit: number): Promise<readonly ChainedEvent[]>;
  /** How many events are not chained yet, and when the oldest was. */
  unchained(): Promise<{ readonly events: number; readonly oldest: Instant | undefined }>;
};
