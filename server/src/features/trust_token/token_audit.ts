import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { writeBehind } from '../../kernel/write_behind.ts';
import { type AuditEvent, auditEvent } from '../audit/audit.ts';
import type { TrustTokenClaims } from './claims.ts';

/** The audit events of tokens, written behind in batches. The owner flushes at most every 5 s and when the server drains. */
export type TokenAudit = {
  /** Makes room for a token's event. Fails if writing does: no token goes out unrecorded. */
  ready(): Promise<void>;
  /** Notes a token before it goes out; DATABASE_UNAVAILABLE if there is no room. */
  issued(actor: string, claims: TrustTokenClaims): void;
  exchanged(actor: string, claims: TrustTokenClaims): void;
  /** Notes a refusal, and gives the error back to be thrown. Errors that are no decision are not noted. */
  refused(call: RefusedCall, error: unknown): unknown;
  flush(): Promise<void>;
  readonly size: number;
  /** Refusals that found no room since the start. */
  readonly lost: number;
};

export type RefusedCall = {
  readonly tenantId: string;
  readonly actor: string;
  readonly audience: string;
  /** Handle and identity, where they are known by then. */
  readonly handle?: string | undefined;
  readonly identityId?: string | undefined;
};

const REFUSALS: ReadonlySet<string> = new Set([
  'SESSION_REJECTED',
  'AUDIENCE_NOT_ALLOWED',
  'TRUST_TOKEN_REJECTED',
  'SCOPE_WIDENED',
  'ACT_CHAIN_TOO_LONG',
]);

export function tokenAudit(deps: {
  readonly audit: { append(events: readonly AuditEvent[]): Promise<void> };
  readonly clock: Clock;
  readonly newId: NewId;
  readonly limit?: number;
  readonly batch?: number;
}): TokenAudit {
  const buffer = writeBehind<AuditEvent>({
    // New ids at each attempt: a batch that was written although its answer got lost must not be in its own way. Such events are there twice.
    write: (events) => deps.audit.append(events.map((event) => ({ ...event, id: deps.newId('aud') }))),
    limit: deps.limit ?? 100_000,
    batch: deps.batch ?? 500,
  });
  let lost = 0;

  const given = (action: 'trust_token.issued' | 'trust_token.exchanged', actor: string, claims: TrustTokenClaims) => {
    const event = auditEvent({ tenantId: claims.tid, name: actor }, deps.clock(), deps.newId, action, {
      identityId: claims.sub,
      subject: claims.sid,
      facts: { audience: claims.aud, jti: claims.jti },
    });
    if (!buffer.note(event.id, event)) throw new TrustError('DATABASE_UNAVAILABLE');
  };

  return {
    async ready() {
      if (buffer.full) await buffer.flush();
    },
    issued: (actor, claims) => given('trust_token.issued', actor, claims),
    exchanged: (actor, claims) => given('trust_token.exchanged', actor, claims),
    refused({ tenantId, actor, audience, handle, identityId }, error) {
      if (!(error instanceof TrustError) || !REFUSALS.has(error.reason)) return error;
      const event = auditEvent({ tenantId, name: actor }, deps.clock(), deps.newId, 'trust_token.rejected', {
        ...(identityId !== undefined && { identityId }),
        ...(handle !== undefined && { subject: handle }),
        facts: { audience, reason: error.reason, ...error.metadata },
      });
      if (!buffer.note(event.id, event)) lost++;
      return error;
    },
    flush: () => buffer.flush(),
    get size() {
      return buffer.size;
    },
    get lost() {
      return lost;
    },
  };
}
