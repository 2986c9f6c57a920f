import { z } from 'zod';
import { checked, sessionHandle } from '../../contract/fields.ts';
import {
  type Change as ChangeMessage,
  type WatchRequest,
  WatchResponse,
  type WatchUse,
} from '../../contract/gen/trust/v1/session.ts';
import type { StreamHandler } from '../../contract/rpc.ts';
import { invalidField } from '../../errors/trust_error.ts';
import type { Clock, Instant, Span } from '../../kernel/clock.ts';
import type { Change } from '../change/change.ts';
import type { RecentChanges } from '../change/recent_changes.ts';
import { BACKLOG_WINDOW, type ChangeTail } from '../change/tail.ts';
import type { SessionUses } from '../session/verify_session.ts';
import { type Frame, watchHub } from './hub.ts';
import { subscription } from './subscription.ts';

/** B: for so long after a ping was sent the pong to it lets an SDK answer from memory. */
export const STALENESS_BOUND: Span = 2_000;

/** The handler of `SessionService.Watch`. */
export function watchRpc(deps: {
  readonly tail: ChangeTail;
  readonly recentChanges: RecentChanges;
  readonly uses: Pick<SessionUses, 'report'>;
  readonly clock: Clock;
}): StreamHandler<WatchRequest> {
  const hub = watchHub({ ...deps, encode: (change) => frameOf({ $case: 'change', value: changeMessage(change) }) });
  const ready = frameOf({
    $case: 'ready',
    value: { stalenessBoundMs: STALENESS_BOUND, backlogWindowMs: BACKLOG_WINDOW },
  });
  const pong = (number: bigint, databaseTime: Instant) =>
    frameOf({ $case: 'pong', value: { number, databaseTime: new Date(databaseTime) } });

  return (call) => {
    const stream = subscription({ hub, tail: deps.tail, ready, pong }, call);
    return {
      received({ message }) {
        if (message === undefined) throw invalidField('message', 'is required: start, ping or use');
        if (message.$case === 'start') return stream.start(call.tenantOf(message.value.tenantId));
        const tenantId = stream.tenantId();
        if (message.$case === 'ping') return stream.ping(message.value.number);
        const now = deps.clock();
        for (const { handle, ageMs } of usesOf(message.value)) deps.uses.report(tenantId, handle, now - ageMs);
      },
      drained: stream.drained,
      closed: stream.closed,
    };
  };
}

const useFields = z.object({
  use: z.object({
    uses: z
      .array(z.object({ handle: sessionHandle, ageMs: z.number().max(60_000, 'must be at most 60000') }))
      .max(1_024, 'must have at most 1024 entries'),
  }),
});

function usesOf(use: WatchUse) {
  return checked(useFields, { use }).use.uses;
}

function frameOf(message: WatchResponse['message']): Frame {
  return WatchResponse.encode({ message }).finish();
}

function changeMessage(change: Change): ChangeMessage {
  return { tenantId: change.tenantId, subject: subjectOf(change) };
}

function subjectOf(change: Change): ChangeMessage['subject'] {
  switch (change.kind) {
    case 'session': {
      const { handle, version, revoked } = change;
      return { $case: 'session', value: { handle, version: BigInt(version), revoked } };
    }
    case 'identity': {
      const { identityId, epoch, version } = change;
      return { $case: 'identity', value: { identityId, epoch: BigInt(epoch), version: BigInt(version) } };
    }
    case 'signing_key':
      return { $case: 'signingKey', value: { kid: change.kid, retired: change.retired } };
    case 'service':
      return { $case: 'service', value: { service: change.service } };
    case 'organisation': {
      const { organisationId, identityId, version } = change;
      return { $case: 'organisation', value: { organisationId, identityId, version: BigInt(version) } };
    }
    case 'tenant':
      return { $case: 'tenant', value: { version: BigInt(change.version) } };
  }
}
