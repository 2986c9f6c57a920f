import type { Instant } from '../../kernel/clock.ts';

/** A mail as the queue keeps it: a trail brings it, so that it is queued in the same step as the act that it tells of (spec MAIL-1). */
export type Mail = {
  readonly tenantId: string;
  /** `mai_…`; names the mail in its Message-ID. */
  readonly id: string;
  /** Who gets it and what it says, sealed under the master key for tenant and id. */
  readonly sealed: string;
  readonly createdAt: Instant;
  /** From then on it is not sent any more. */
  readonly expiresAt: Instant;
};

/** What is sealed. */
export type MailContent = {
  readonly template: string;
  /** One canonical e-mail address; empty where it goes to nobody. */
  readonly to: string;
  /** Name of the tenant, as the sender's name. */
  readonly fromName: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
};
