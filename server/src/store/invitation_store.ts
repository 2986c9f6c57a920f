import type { Invitation } from '../features/invitation/invitation.ts';
import type { InvitationStore } from '../features/invitation/store.ts';
import { pageOf } from '../kernel/page.ts';
import { type Database, undo } from './database.ts';
import { PasswordEntity } from './entities/identity.ts';
import { InvitationEntity, type InvitationRow } from './entities/invitation.ts';
import { OrganisationEntity } from './entities/organisation.ts';
import { insertIdentity, writeIdentifiers } from './identity_store.ts';
import { toJson } from './json.ts';
import { numbersFrom } from './organisation_row.ts';
import { changeWithin, lockOrganisation } from './organisation_store.ts';
import { afterPosition } from './page.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;
/** Neither accepted nor revoked. */
const WAITS = { acceptedAt: null, revokedAt: null } as const;

const columnsOf = (invitation: Invitation) => ({
  ...invitation,
  roles: toJson(invitation.roles),
  acceptedAt: invitation.acceptedAt ?? null,
  revokedAt: invitation.revokedAt ?? null,
});

const invitationFrom = ({ roles, acceptedAt, revokedAt, ...same }: InvitationRow): Invitation => ({
  ...same,
  roles: numbersFrom(roles),
  acceptedAt: acceptedAt ?? undefined,
  revokedAt: revokedAt ?? undefined,
});

export function invitationStore(database: Database, appendTrail: AppendTrail): InvitationStore {
  return {
    insert: (invitation, most, trail) =>
      database.write<'ok' | 'no_organisation' | 'too_many'>(async (tx) => {
        const { tenantId, organisationId, email, createdAt } = invitation;
        await lockOrganisation(database, tx, tenantId, organisationId);
        if ((await tx.count(OrganisationEntity, { tenantId, id: organisationId })) === 0) return 'no_organisation';
        const waiting = { tenantId, organisationId, ...WAITS };
        await tx.nativeUpdate(InvitationEntity, { ...waiting, email }, { revokedAt: createdAt, email: '' });
        if ((await tx.count(InvitationEntity, { ...waiting, expiresAt: { $gt: createdAt } })) >= most) undo('too_many');
        await tx.insert(InvitationEntity, columnsOf(invitation));
        await appendTrail(tx, trail);
        return 'ok';
      }),

    readByDigest: (tenantId, digest) =>
      database.read(async (em) => {
        const row = await em.findOne(InvitationEntity, { tenantId, digest }, PLAIN);
        return row === null ? undefined : invitationFrom(row);
      }),

    list: (tenantId, organisationId, { limit, after }) =>
      database.read(async (em) => {
        const rows = await em.find(
          InvitationEntity,
          { tenantId, organisationId, ...WAITS, ...afterPosition('createdAt', 'id', after) },
          { ...PLAIN, orderBy: { createdAt: 'desc', id: 'desc' }, limit: limit + 1 },
        );
        return pageOf(rows.map(invitationFrom), limit, ({ createdAt, id }) => ({ at: createdAt, id }));
      }),

    revoke: (tenantId, organisationId, id, at, trail) =>
      database.write(async (tx) => {
        const key = { tenantId, organisationId, id };
        if ((await tx.nativeUpdate(InvitationEntity, { ...key, ...WAITS }, { revokedAt: at, email: '' })) === 0)
          return (await tx.count(InvitationEntity, { ...key, acceptedAt: null })) > 0;
        await appendTrail(tx, trail);
        return true;
      }),

    accept: ({ tenantId, id, organisationId }, { identityId, signUp }, at, rule) =>
      database.write(async (tx) => {
        // Before the row of the invitation, as whoever invites does.
        await lockOrganisation(database, tx, tenantId, organisationId);
        const open = { tenantId, id, ...WAITS, expiresAt: { $gt: at } };
        if ((await tx.nativeUpdate(InvitationEntity, open, { acceptedAt: at, email: '' })) === 0) return 'over';
        if (signUp !== undefined) {
          await insertIdentity(tx, signUp.identity);
          await writeIdentifiers(tx, [], signUp.identity);
          await tx.insert(PasswordEntity, { tenantId, identityId, hash: signUp.passwordHash });
        }
        const done = await changeWithin(database, appendTrail, tx, { tenantId, organisationId, identityId }, rule);
        return done === undefined ? undo(undefined) : (done as Exclude<ReturnType<typeof rule>, undefined>);
      }),
  };
}
