import { type Clock, type Instant, MINUTE } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { writeBehind } from '../../kernel/write_behind.ts';
import { type AuditEvent, auditEvent } from '../audit/audit.ts';
import { type Binding, type ClientFacts, fits } from './binding.ts';

/** A bound session whose session_id came from elsewhere. */
export type Presented = {
  readonly tenantId: string;
  readonly handle: string;
  readonly identityId: string;
  readonly binding?: Binding | undefined;
};

/** What is told of session_ids that came from elsewhere. The owner flushes with the other events. */
export type Mismatches = {
  /** Notes one; the same session again within ten minutes on this node is not worth an event. */
  note(presented: Presented, client: ClientFacts): void;
  flush(): Promise<void>;
};

const QUIET = 10 * MINUTE;
const MOST = 10_000;

export function mismatches(deps: {
  readonly audit: { append(events: readonly AuditEvent[]): Promise<void> };
  readonly clock: Clock;
  readonly newId: NewId;
}): Mismatches {
  /** When the latest event of a session was noted, the oldest first. */
  const lately = new Map<string, Instant>();
  const buffer = writeBehind<AuditEvent>({
    write: (events) => deps.audit.append(events.map((event) => ({ ...event, id: deps.newId('aud') }))),
    limit: MOST,
    batch: 500,
  });
  return {
    note({ tenantId, handle, identityId, binding }, client) {
      const key = `${tenantId} ${handle}`;
      const now = deps.clock();
      if (now - (lately.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET) return;
      lately.delete(key);
      lately.set(key, now);
      if (lately.size > MOST) lately.delete(lately.keys().next().value as string);
      const bound = { network: binding?.network, device: binding?.device };
      const what = (['network', 'device'] as const).filter((fact) => !fits({ [fact]: bound[fact] }, client));
      const about = { identityId, subject: handle, facts: { elsewhere: what.join(' ') } };
      const event = auditEvent({ tenantId, name: 'trust-layer' }, now, deps.newId, 'session.refused', about);
      buffer.note(event.id, event);
    },
    flush: () => buffer.flush(),
  };
}
