import type { Span } from '../../kernel/clock.ts';
import type { Trail } from '../change/change.ts';
import type { Mail } from './mail.ts';

/** A mail that one caller sends now. `attempt` counts the claims of it, and tells this one from all others. */
export type ClaimedMail = Mail & { readonly attempt: number };

/** Mails are queued by the trails of other writes, or by their own where nothing else is written. Times are those of the database's clock, which all nodes share. */
export type OutboxStore = {
  /** Queues the mails of a trail that belongs to no other write. */
  queue(trail: Trail): Promise<void>;
  /** At most `limit` mails that are due, the newest tries first; nobody else is given them until `lease` is over. Each claim has one winner. */
  claim(limit: number, lease: Span): Promise<readonly ClaimedMail[]>;
  /** Removes a mail that was sent or given up; false if another caller has claimed it since. */
  remove(mail: ClaimedMail, trail: Trail): Promise<boolean>;
  /** Makes it due after `delay`, unless another caller has claimed it since. */
  postpone(mail: ClaimedMail, delay: Span): Promise<void>;
  /** What waits, the newest first. */
  list(tenantId: string, limit: number): Promise<readonly Mail[]>;
};
