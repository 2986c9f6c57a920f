import type { Instant, Span } from '../../kernel/clock.ts';
import type { ChainedEvent } from '../audit/chain.ts';
import type { Trail } from '../change/change.ts';
import type { Webhook } from './webhook.ts';

/** A target that one caller serves now. */
export type ClaimedWebhook = Webhook & { readonly claim: number };

/** How an attempt ended. */
export type Settling = Pick<Webhook, 'seq' | 'attempts' | 'enabled' | 'failingSince'> & {
  /** From now on, for the next one. */
  readonly dueIn: Span;
};

export type WebhookStore = {
  /** False, and nothing written, if the tenant has `max` of them. It is sent what is chained after the newest place. */
  insert(webhook: Webhook, max: number, trail: Trail): Promise<boolean>;
  /** All of a tenant, oldest first. */
  list(tenantId: string): Promise<readonly Webhook[]>;
  remove(tenantId: string, id: string, trail: Trail): Promise<boolean>;
  /** False if it is not there. */
  rotate(tenantId: string, id: string, secret: string, oldUntil: Instant, trail: Trail): Promise<boolean>;
  /** Goes back to a place at most, and puts it into service; an attempt under way settles nothing any more. False if it is not there. */
  rewind(tenantId: string, id: string, seq: number, trail: Trail): Promise<boolean>;
  /** Targets in service that are due, those that wait longest first. */
  due(limit: number): Promise<readonly ClaimedWebhook[]>;
  /** Takes one for `lease`; undefined if somebody else has. */
  claim(webhook: ClaimedWebhook, lease: Span): Promise<ClaimedWebhook | undefined>;
  /** False, and nothing written, if somebody else has claimed or changed it since. */
  settle(webhook: ClaimedWebhook, settling: Settling, trail: Trail): Promise<boolean>;
  /** Chained events of a tenant in the `span` places after one, in order; after a cut, those after the cut. */
  eventsAfter(tenantId: string, seq: number, span: number): Promise<readonly ChainedEvent[]>;
};
