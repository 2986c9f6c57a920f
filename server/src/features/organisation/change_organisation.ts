import { TrustError } from '../../errors/trust_error.ts';
import type { Clock, Instant } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { type AuditAction, auditEvent } from '../audit/audit.ts';
import type { Change } from '../change/change.ts';
import { type Membership, newOrganisation, type Organisation, type Role } from './organisation.ts';
import type { ChangeKey, OrganisationStore, Standing } from './store.ts';

export type OrganisationDeps = {
  readonly organisations: OrganisationStore;
  readonly clock: Clock;
  readonly newId: NewId;
};

/** `actor` is the name in the audit trail. */
export type OrganisationTarget = ChangeKey & {
  readonly actor: string;
  /** If given: the version that the caller read; CONCURRENT_CHANGE if it is another by now. */
  readonly expectedVersion?: number | undefined;
};

/** What a rule wants: `concerns` says whose verdicts are other ones from now on. */
export type OrganisationEdit = {
  readonly organisation?: Partial<Pick<Organisation, 'displayName' | 'metadata' | 'roles'>>;
  readonly membership?: Membership | 'removed';
  readonly concerns: 'everyone' | 'member' | 'nobody';
};

/** `version` is the one that the change will have. Undefined: it is so already, and nothing is written. */
export type OrganisationRule = (before: Standing, version: number, now: Instant) => OrganisationEdit | undefined;

/** The one way in which organisations and memberships change. Errors: ORGANISATION_NOT_FOUND, CONCURRENT_CHANGE, those of the rule. */
export async function changeOrganisation(
  deps: OrganisationDeps,
  { actor, expectedVersion, ...key }: OrganisationTarget,
  action: AuditAction,
  rule: OrganisationRule,
): Promise<Organisation> {
  const { tenantId, organisationId, identityId } = key;
  const done = await deps.organisations.change(key, (before) => {
    const { organisation } = before;
    if (expectedVersion !== undefined && organisation.version !== expectedVersion) {
      throw new TrustError('CONCURRENT_CHANGE');
    }
    const [now, version] = [deps.clock(), organisation.version + 1];
    const edit = rule(before, version, now);
    if (edit === undefined) return undefined;
    const about = { subject: organisationId, ...(identityId !== undefined && { identityId }) };
    const change: Change = {
      tenantId,
      kind: 'organisation',
      organisationId,
      identityId: edit.concerns === 'member' ? (identityId ?? '') : '',
      version,
    };
    return {
      organisation: { ...organisation, ...edit.organisation, version, updatedAt: now },
      membership: edit.membership,
      trail: {
        changes: edit.concerns === 'nobody' ? [] : [change],
        events: [auditEvent({ tenantId, name: actor }, now, deps.newId, action, about)],
      },
    };
  });
  if (done === undefined) throw new TrustError('ORGANISATION_NOT_FOUND');
  return done.organisation;
}

/** Makes an organisation with its roles. */
export async function createOrganisation(
  deps: OrganisationDeps,
  input: Pick<Organisation, 'tenantId' | 'displayName' | 'metadata'> & {
    readonly actor: string;
    readonly roles: readonly Omit<Role, 'number'>[];
  },
): Promise<Organisation> {
  const { tenantId, displayName, metadata, actor, roles } = input;
  const now = deps.clock();
  const organisation = newOrganisation({ tenantId, id: deps.newId('org'), displayName, metadata }, roles, now);
  const event = auditEvent({ tenantId, name: actor }, now, deps.newId, 'organisation.created', {
    subject: organisation.id,
  });
  await deps.organisations.insert(organisation, { changes: [], events: [event] });
  return organisation;
}

/** Ends an organisation; the feed says that no version of it is acceptable. Errors: ORGANISATION_NOT_FOUND. */
export async function deleteOrganisation(
  deps: OrganisationDeps,
  { tenantId, organisationId, actor }: OrganisationTarget,
): Promise<void> {
  const event = auditEvent({ tenantId, name: actor }, deps.clock(), deps.newId, 'organisation.deleted', {
    subject: organisationId,
  });
  const version = Number.MAX_SAFE_INTEGER;
  const change = { tenantId, kind: 'organisation' as const, organisationId, identityId: '', version };
  if (await deps.organisations.remove(tenantId, organisationId, { changes: [change], events: [event] })) return;
  throw new TrustError('ORGANISATION_NOT_FOUND');
}
