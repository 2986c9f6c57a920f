import { z } from 'zod';
import { checked, identityId, pageSize, secretText, sessionHandle, textBytes } from '../../contract/fields.ts';
import {
  type AuditEvent as AuditEventMessage,
  type ExplainSessionRequest,
  type ExplainSessionResponse,
  type ListAuditEventsRequest,
  type ListAuditEventsResponse,
  SessionState,
} from '../../contract/gen/trust/v1/audit.ts';
import { RejectionReason } from '../../contract/gen/trust/v1/session.ts';
import { optionalTimestamp, timestamp } from '../../contract/messages.ts';
import type { PageTokens } from '../../contract/page_tokens.ts';
import type { Handler } from '../../contract/rpc.ts';
import { invalidField } from '../../errors/trust_error.ts';
import type { ExplainSession, ExplainTarget } from '../explain/explain_session.ts';
import type { AuditEvent } from './audit.ts';
import type { AuditStore } from './store.ts';

export type AuditRpc = {
  readonly listAuditEvents: Handler<ListAuditEventsRequest, ListAuditEventsResponse>;
  readonly explainSession: Handler<ExplainSessionRequest, ExplainSessionResponse>;
};

const listFields = z.object({
  identityId: z.union([z.literal(''), identityId]),
  action: textBytes(64),
  pageSize,
});

/** The handlers of AuditService. */
export function auditRpc(useCases: {
  readonly listEvents: AuditStore['list'];
  readonly pageTokens: PageTokens;
  readonly explainSession: ExplainSession;
  readonly sessionRetentionDays: number;
}): AuditRpc {
  return {
    async listAuditEvents(request, { tenantId }) {
      const fields = checked(listFields, request);
      const list = ['audit', tenantId, fields.identityId, fields.action] as const;
      const after = useCases.pageTokens.read(list, request.pageToken);
      const filter = {
        tenantId,
        ...(fields.identityId !== '' && { identityId: fields.identityId }),
        ...(fields.action !== '' && { action: fields.action }),
      };
      const page = await useCases.listEvents(filter, { limit: fields.pageSize, ...(after && { after }) });
      const events = page.rows.map(eventMessage);
      return { events, nextPageToken: useCases.pageTokens.write(list, page.next) };
    },

    async explainSession(request, { tenantId }) {
      const found = await useCases.explainSession(tenantId, targetOf(request));
      return {
        state: SessionState[found.state],
        reason: found.reason === undefined ? RejectionReason.UNSPECIFIED : RejectionReason[found.reason],
        summary: found.summary,
        handle: found.handle ?? '',
        identityId: found.identityId ?? '',
        createdAt: optionalTimestamp(found.createdAt),
        endedAt: optionalTimestamp(found.endedAt),
        endedBy: found.endedBy && eventMessage(found.endedBy),
        sessionRetentionDays: useCases.sessionRetentionDays,
        deleted: found.deleted,
      };
    },
  };
}

const eventMessage = ({ at, facts, ...event }: AuditEvent): AuditEventMessage => ({
  ...event,
  occurredAt: timestamp(at),
  facts: { ...facts },
});

function targetOf({ target }: ExplainSessionRequest): ExplainTarget {
  if (target === undefined) throw invalidField('target', 'is required: handle or session_id');
  if (target.$case === 'handle') return checked(z.object({ handle: sessionHandle }), { handle: target.value });
  return checked(z.object({ sessionId: secretText }), { sessionId: target.value });
}
