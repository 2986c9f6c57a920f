import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Page, PageQuery } from '../../kernel/page.ts';
import type { Identity } from '../identity/identity.ts';
import { judge, type Session } from './session.ts';
import type { SessionStore } from './store.ts';

/** Errors: IDENTITY_NOT_FOUND. */
export type ListSessions = (
  input: { readonly tenantId: string; readonly identityId: string },
  query: PageQuery,
) => Promise<Page<Session>>;

/** The active sessions of an identity, newest first (spec SES-7). The store narrows the search; `judge` decides. */
export function listSessions(deps: {
  readonly sessions: Pick<SessionStore, 'listActive'>;
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly clock: Clock;
}): ListSessions {
  return async ({ tenantId, identityId }, query) => {
    const identity = await deps.readIdentity(tenantId, identityId);
    if (identity === undefined) throw new TrustError('IDENTITY_NOT_FOUND');
    const now = deps.clock();
    const page = await deps.sessions.listActive({ tenantId, identityId, epoch: identity.epoch, now }, query);
    return { ...page, rows: page.rows.filter((session) => judge({ session, identity }, now).active) };
  };
}
