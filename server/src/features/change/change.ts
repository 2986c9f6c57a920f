import type { AuditEvent } from '../audit/audit.ts';
import type { Ending } from '../cascade/cascade.ts';
import type { Mail } from '../mail/mail.ts';

/** A row of the change feed: something that turns a yes into a no, or changes the facts of a verdict (spec SES-4). */
export type Change = { readonly tenantId: string } & (
  | { readonly kind: 'session'; readonly handle: string; readonly version: number; readonly revoked: boolean }
  | { readonly kind: 'identity'; readonly identityId: string; readonly epoch: number; readonly version: number }
  | { readonly kind: 'signing_key'; readonly kid: string; readonly retired: boolean }
  | { readonly kind: 'service'; readonly service: string }
  | {
      readonly kind: 'organisation';
      readonly organisationId: string;
      /** The member whom it concerns; empty where it concerns all. */
      readonly identityId: string;
      readonly version: number;
    }
  | { readonly kind: 'tenant'; readonly version: number }
);

/** What every write of a store appends in the same transaction as the write itself: feed, audit trail, mails to be sent; and what it ends beside. */
export type Trail = {
  readonly changes: readonly Change[];
  readonly events: readonly AuditEvent[];
  readonly mails?: readonly Mail[];
  readonly ending?: Ending | undefined;
};
