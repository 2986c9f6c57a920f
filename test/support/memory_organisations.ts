import type { Trail } from '../../server/src/features/change/change.ts';
import type { Identity } from '../../server/src/features/identity/identity.ts';
import {
  factsOf,
  type Membership,
  type NamedMembership,
  namesOf,
  type Organisation,
  type OrganisationFacts,
} from '../../server/src/features/organisation/organisation.ts';
import type { OrganisationStore } from '../../server/src/features/organisation/store.ts';
import type { Session } from '../../server/src/features/session/session.ts';
import { paged } from './memory_page.ts';

type Rows = {
  readonly sessions: Map<string, Session>;
  readonly identities: Map<string, Identity>;
  readonly append: (trail: Trail) => void;
};

const key = (...parts: readonly string[]) => parts.join('\n');

/** The port of organisations over plain maps, as memoryStores does it for all others. */
export function memoryOrganisations({ sessions, identities, append }: Rows) {
  const organisations = new Map<string, Organisation>();
  const memberships = new Map<string, Membership>();

  const facts = (tenantId: string, organisationId = '', identityId = ''): OrganisationFacts | undefined => {
    const membership = memberships.get(key(tenantId, organisationId, identityId));
    const organisation = organisations.get(key(tenantId, organisationId));
    return membership && organisation && factsOf(organisation, membership.roles);
  };

  const named = (membership: Membership): readonly NamedMembership[] => {
    const organisation = organisations.get(key(membership.tenantId, membership.organisationId));
    const identity = identities.get(key(membership.tenantId, membership.identityId));
    if (organisation === undefined || identity === undefined) return [];
    const { displayName: organisationName, roles } = organisation;
    const roleNames = namesOf(roles, membership.roles);
    return [{ ...membership, organisationName, identityName: identity.displayName, roleNames }];
  };

  const store: OrganisationStore = {
    async insert(organisation, trail) {
      organisations.set(key(organisation.tenantId, organisation.id), organisation);
      append(trail);
    },
    async read(tenantId, id) {
      return organisations.get(key(tenantId, id));
    },
    async list(tenantId, query) {
      const rows = [...organisations.values()].filter((row) => row.tenantId === tenantId);
      return paged(rows, query, ({ createdAt, id }) => ({ at: createdAt, id }));
    },
    async change({ tenantId, organisationId, identityId }, rule) {
      const organisation = organisations.get(key(tenantId, organisationId));
      if (organisation === undefined) return undefined;
      const place = key(tenantId, organisationId, identityId ?? '');
      const identityName = identities.get(key(tenantId, identityId ?? ''))?.displayName;
      const before = { organisation, membership: memberships.get(place), identityName };
      const after = rule(before);
      if (after === undefined) return before;
      organisations.set(key(tenantId, organisationId), after.organisation);
      if (after.membership === 'removed') {
        memberships.delete(place);
        for (const [name, session] of sessions) {
          const theirs = session.tenantId === tenantId && session.identityId === identityId;
          if (theirs && session.organisationId === organisationId)
            sessions.set(name, { ...session, organisationId: undefined });
        }
      } else if (after.membership !== undefined) memberships.set(place, after.membership);
      append(after.trail);
      return after;
    },
    async remove(tenantId, id, trail) {
      if (!organisations.delete(key(tenantId, id))) return false;
      for (const [place, row] of memberships)
        if (row.tenantId === tenantId && row.organisationId === id) memberships.delete(place);
      append(trail);
      return true;
    },
    async listMembers(tenantId, organisationId, query) {
      const rows = [...memberships.values()].filter(
        (row) => row.tenantId === tenantId && row.organisationId === organisationId,
      );
      return paged(rows.flatMap(named), query, (row) => ({ at: row.createdAt, id: row.identityId }));
    },
    async listMemberships(tenantId, identityId, query) {
      const rows = [...memberships.values()].filter(
        (row) => row.tenantId === tenantId && row.identityId === identityId,
      );
      return paged(rows.flatMap(named), query, (row) => ({ at: row.createdAt, id: row.organisationId }));
    },
    async readFacts(tenantId, organisationId, identityId) {
      return facts(tenantId, organisationId, identityId);
    },
    async setActive({ tenantId, handle, identityId, version }, organisationId, trail) {
      const stored = sessions.get(key(tenantId, handle));
      if (organisationId !== undefined && facts(tenantId, organisationId, identityId) === undefined) return 'no_member';
      if (stored?.version !== version) return 'changed';
      sessions.set(key(tenantId, handle), { ...stored, organisationId, version: version + 1 });
      append(trail);
      return 'ok';
    },
  };

  return {
    store,
    /** What holds for a session in its active organisation. */
    facts,
    /** What goes with an identity. */
    forget: ({ tenantId, id }: Identity) => {
      for (const [place, row] of memberships)
        if (row.tenantId === tenantId && row.identityId === id) memberships.delete(place);
    },
  };
}
