import { factsOf, type Membership } from '../features/organisation/organisation.ts';
import type { ChangeKey, OrganisationStore, OrganisationWrite, Standing } from '../features/organisation/store.ts';
import { pageOf } from '../kernel/page.ts';
import { type Database, lock } from './database.ts';
import type { Statement, Transaction } from './dialects/dialect.ts';
import { IdentityEntity } from './entities/identity.ts';
import { MembershipEntity, OrganisationEntity } from './entities/organisation.ts';
import { SessionEntity } from './entities/session.ts';
import {
  membershipColumns,
  NAMED_COLUMNS,
  namedFrom,
  numbersFrom,
  organisationColumns,
  organisationFrom,
  rolesFrom,
} from './organisation_row.ts';
import { afterPosition } from './page.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;

/** A page of memberships of an organisation or of an identity, ordered by creation and the id of the other. */
const page = (name: string, owner: string, other: string, after: string, limit: string): Statement => ({
  name,
  sql: `select ${NAMED_COLUMNS} from (select * from {membership} where tenant_id = $1 and ${owner} = $2 ${after}
    order by created_at desc, ${other} desc limit ${limit}) p
    join {organisation} o on o.tenant_id = p.tenant_id and o.id = p.organisation_id
    join {identity} i on i.tenant_id = p.tenant_id and i.id = p.identity_id
    order by p.created_at desc, p.${other} desc`,
});

const pages = (name: string, owner: string, other: string) => ({
  first: page(`${name}_first`, owner, other, '', '$3'),
  next: page(`${name}_next`, owner, other, `and created_at <= $3 and (created_at < $3 or ${other} < $4)`, '$5'),
});

const MEMBERS = pages('members', 'organisation_id', 'identity_id');
const MEMBERSHIPS = pages('memberships', 'identity_id', 'organisation_id');

type MemberKey = { readonly tenantId: string; readonly organisationId: string; readonly identityId: string };

/** Waits until this membership ends in no other transaction. False if there is none. */
export async function holdMembership(database: Database, tx: Transaction, key: MemberKey): Promise<boolean> {
  await lock(database, tx, `membership ${key.tenantId} ${key.organisationId} ${key.identityId}`);
  return (await tx.findOne(MembershipEntity, key, PLAIN)) !== null;
}

async function standing(tx: Transaction, key: ChangeKey): Promise<Standing | undefined> {
  const { tenantId, organisationId, identityId } = key;
  const row = await tx.findOne(OrganisationEntity, { tenantId, id: organisationId }, PLAIN);
  if (row === null) return undefined;
  const organisation = organisationFrom(row);
  if (identityId === undefined) return { organisation, membership: undefined, identityName: undefined };
  const found = await tx.findOne(MembershipEntity, { tenantId, organisationId, identityId }, PLAIN);
  const identity = await tx.findOne(IdentityEntity, { tenantId, id: identityId }, PLAIN);
  const membership = found === null ? undefined : { ...found, roles: numbersFrom(found.roles) };
  return { organisation, membership, identityName: identity?.displayName };
}

async function writeMembership(tx: Transaction, before: Membership | undefined, after: Membership): Promise<void> {
  const { roles, createdAt, ...key } = membershipColumns(after);
  if (before === undefined) await tx.insert(MembershipEntity, { ...key, roles, createdAt });
  else await tx.nativeUpdate(MembershipEntity, key, { roles });
}

export const lockOrganisation = (database: Database, tx: Transaction, tenantId: string, id: string) =>
  lock(database, tx, `organisation ${tenantId} ${id}`);

/** `change` of the port, within a transaction. */
export async function changeWithin(
  database: Database,
  appendTrail: AppendTrail,
  tx: Transaction,
  key: ChangeKey,
  rule: (before: Standing) => OrganisationWrite | undefined,
): Promise<OrganisationWrite | Standing | undefined> {
  const { tenantId, organisationId, identityId } = key;
  await lockOrganisation(database, tx, tenantId, organisationId);
  if (identityId !== undefined) await holdMembership(database, tx, { tenantId, organisationId, identityId });
  const before = await standing(tx, key);
  if (before === undefined) return undefined;
  const after = rule(before);
  if (after === undefined) return before;
  const { tenantId: _, id: __, ...facts } = organisationColumns(after.organisation);
  await tx.nativeUpdate(OrganisationEntity, { tenantId, id: organisationId }, facts);
  if (after.membership === 'removed' && identityId !== undefined) {
    await tx.nativeDelete(MembershipEntity, { tenantId, organisationId, identityId });
    await tx.nativeUpdate(SessionEntity, { tenantId, identityId, organisationId }, { organisationId: null });
  } else if (after.membership !== undefined && after.membership !== 'removed') {
    await writeMembership(tx, before.membership, after.membership);
  }
  await appendTrail(tx, after.trail);
  return after;
}

export function organisationStore(database: Database, appendTrail: AppendTrail): OrganisationStore {
  const { reader } = database;
  const listOf = (
    statements: { readonly first: Statement; readonly next: Statement },
    other: 'identityId' | 'organisationId',
  ): OrganisationStore['listMembers'] => {
    return async (tenantId, owner, { limit, after }) => {
      const rows =
        after === undefined
          ? await reader.rows(statements.first, [tenantId, owner, limit + 1])
          : await reader.rows(statements.next, [tenantId, owner, after.at, after.id, limit + 1]);
      return pageOf(rows.map(namedFrom), limit, (row) => ({ at: row.createdAt, id: row[other] }));
    };
  };

  return {
    insert: (organisation, trail) =>
      database.write(async (tx) => {
        await tx.insert(OrganisationEntity, organisationColumns(organisation));
        await appendTrail(tx, trail);
      }),

    read: (tenantId, id) =>
      database.read(async (em) => {
        const row = await em.findOne(OrganisationEntity, { tenantId, id }, PLAIN);
        return row === null ? undefined : organisationFrom(row);
      }),

    list: (tenantId, { limit, after }) =>
      database.read(async (em) => {
        const rows = await em.find(
          OrganisationEntity,
          { tenantId, ...afterPosition('createdAt', 'id', after) },
          { orderBy: { createdAt: 'desc', id: 'desc' }, limit: limit + 1, ...PLAIN },
        );
        return pageOf(rows.map(organisationFrom), limit, ({ createdAt, id }) => ({ at: createdAt, id }));
      }),

    change: (key, rule) => database.write((tx) => changeWithin(database, appendTrail, tx, key, rule), 'ends'),

    remove: (tenantId, id, trail) =>
      database.write(async (tx) => {
        await lockOrganisation(database, tx, tenantId, id);
        if ((await tx.nativeDelete(OrganisationEntity, { tenantId, id })) === 0) return false;
        await tx.nativeDelete(MembershipEntity, { tenantId, organisationId: id });
        await appendTrail(tx, trail);
        return true;
      }, 'ends'),

    listMembers: listOf(MEMBERS, 'identityId'),
    listMemberships: listOf(MEMBERSHIPS, 'organisationId'),

    readFacts: async (tenantId, organisationId, identityId) => {
      const statement = {
        name: 'organisation_facts',
        sql: `select o.display_name, o.roles, o.version, m.roles from {membership} m
          join {organisation} o on o.tenant_id = m.tenant_id and o.id = m.organisation_id
          where m.tenant_id = $1 and m.organisation_id = $2 and m.identity_id = $3`,
      };
      const [row] = await reader.rows(statement, [tenantId, organisationId, identityId]);
      if (row === undefined) return undefined;
      const [displayName, roles, version, held] = row as readonly [string, string, number, string];
      const organisation = { id: organisationId, displayName, roles: rolesFrom(roles), version: Number(version) };
      return factsOf(organisation, numbersFrom(held));
    },

    setActive: ({ tenantId, handle, identityId, version }, organisationId, trail) =>
      database.write<'ok' | 'changed' | 'no_member'>(async (tx) => {
        if (organisationId !== undefined) {
          const member = await holdMembership(database, tx, { tenantId, organisationId, identityId });
          if (!member) return 'no_member';
        }
        const facts = { organisationId: organisationId ?? null, version: version + 1 };
        if ((await tx.nativeUpdate(SessionEntity, { tenantId, handle, version }, facts)) === 0) return 'changed';
        await appendTrail(tx, trail);
        return 'ok';
      }),
  };
}
