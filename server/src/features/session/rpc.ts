import { z } from 'zod';
import {
  checked,
  device,
  identityId,
  organisationId,
  pageSize,
  secretText,
  sessionHandle,
} from '../../contract/fields.ts';
import type {
  CreateSessionRequest,
  CreateSessionResponse,
  ListSessionsRequest,
  ListSessionsResponse,
  RevokeIdentitySessionsRequest,
  RevokeIdentitySessionsResponse,
  RevokeSessionRequest,
  RevokeSessionResponse,
  RotateSessionRequest,
  RotateSessionResponse,
} from '../../contract/gen/trust/v1/session.ts';
import { identityFactsMessage, instantOf, organisationFactsMessage, sessionMessage } from '../../contract/messages.ts';
import type { PageTokens } from '../../contract/page_tokens.ts';
import type { Handler } from '../../contract/rpc.ts';
import { invalidField } from '../../errors/trust_error.ts';
import { SECOND, type Span } from '../../kernel/clock.ts';
import type { RevokeIdentitySessions } from '../identity/revoke_identity_sessions.ts';
import type { CreateSession } from './create_session.ts';
import type { ListSessions } from './list_sessions.ts';
import type { RevokeSession, RevokeTarget } from './revoke_session.ts';
import type { RotateSession } from './rotate_session.ts';

export type SessionRpc = {
  readonly createSession: Handler<CreateSessionRequest, CreateSessionResponse>;
  readonly revokeSession: Handler<RevokeSessionRequest, RevokeSessionResponse>;
  readonly revokeIdentitySessions: Handler<RevokeIdentitySessionsRequest, RevokeIdentitySessionsResponse>;
  readonly listSessions: Handler<ListSessionsRequest, ListSessionsResponse>;
  readonly rotateSession: Handler<RotateSessionRequest, RotateSessionResponse>;
};

/** The handlers of SessionService, but for `Verify`, `BatchVerify` and `Watch`. */
export function sessionRpc(useCases: {
  readonly pageTokens: PageTokens;
  readonly createSession: CreateSession;
  readonly revokeSession: RevokeSession;
  readonly revokeIdentitySessions: RevokeIdentitySessions;
  readonly listSessions: ListSessions;
  readonly rotateSession: RotateSession;
}): SessionRpc {
  return {
    async createSession(request, { tenantId, caller }) {
      const { idleTimeoutSeconds, absoluteTimeoutSeconds, ...fields } = checked(createFields, request);
      const created = await useCases.createSession({
        ...fields,
        tenantId,
        actor: caller.service,
        authenticatedAt: instantOf(request.authenticatedAt),
        idleTimeout: spanOf(idleTimeoutSeconds),
        absoluteTimeout: spanOf(absoluteTimeoutSeconds),
        organisationId: fields.organisationId || undefined,
      });
      return {
        sessionId: created.sessionId,
        session: sessionMessage(created.session),
        identity: identityFactsMessage(created.identity),
        organisation: created.organisation && organisationFactsMessage(created.organisation),
      };
    },

    async revokeSession(request, { tenantId, caller }) {
      const ended = await useCases.revokeSession({ tenantId, actor: caller.service, target: revokeTarget(request) });
      return { handle: ended.handle, version: BigInt(ended.version) };
    },

    async revokeIdentitySessions(request, { tenantId, caller }) {
      const fields = checked(z.object({ identityId }), request);
      const { epoch } = await useCases.revokeIdentitySessions({ ...fields, tenantId, actor: caller.service });
      return { epoch: BigInt(epoch) };
    },

    async listSessions(request, { tenantId }) {
      const fields = checked(z.object({ identityId, pageSize }), request);
      const list = ['sessions', tenantId, fields.identityId] as const;
      const after = useCases.pageTokens.read(list, request.pageToken);
      const query = { limit: fields.pageSize, ...(after && { after }) };
      const page = await useCases.listSessions({ tenantId, identityId: fields.identityId }, query);
      return { sessions: page.rows.map(sessionMessage), nextPageToken: useCases.pageTokens.write(list, page.next) };
    },

    async rotateSession(request, { tenantId, caller }) {
      const { sessionId } = checked(z.object({ sessionId: secretText }), request);
      const rotated = await useCases.rotateSession({ tenantId, actor: caller.service, sessionId });
      return { sessionId: rotated.sessionId, session: sessionMessage(rotated.session) };
    },
  };
}

const createFields = z.object({
  identityId,
  acr: z.enum(['', 'aal1', 'aal2'], 'must be aal1 or aal2').transform((acr) => acr || 'aal1'),
  amr: z
    .array(z.string().regex(/^[a-z0-9_-]{1,16}$/, 'must be 1 to 16 of a-z 0-9 _ -'))
    .max(8, 'must have at most 8 entries')
    .transform((amr) => (amr.length === 0 ? ['ext'] : amr)),
  device,
  authenticatedAt: z.date('must be an instant').optional(),
  idleTimeoutSeconds: z.number(),
  absoluteTimeoutSeconds: z.number(),
  organisationId: z.union([z.literal(''), organisationId]),
});

const byHandle = z.object({ handle: sessionHandle, identityId: z.union([z.literal(''), identityId]) });

/** Exactly one name of the session; an owner to check goes with a handle only. */
function revokeTarget({ target, identityId: owner }: RevokeSessionRequest): RevokeTarget {
  if (target === undefined) throw invalidField('target', 'is required: session_id or handle');
  if (target.$case === 'sessionId') {
    if (owner !== '') throw invalidField('identity_id', 'goes with a handle only');
    return checked(z.object({ sessionId: secretText }), { sessionId: target.value });
  }
  const fields = checked(byHandle, { handle: target.value, identityId: owner });
  return { handle: fields.handle, identityId: fields.identityId || undefined };
}

const spanOf = (seconds: number): Span | undefined => (seconds === 0 ? undefined : seconds * SECOND);
