// Changes, as the machine reads them: those of the stream, and what this process changed itself (WAT-15, SDK-36).
import { IdentityServiceService } from '../gen/trust/v1/identity.ts';
import { OrganisationServiceService } from '../gen/trust/v1/organisation.ts';
import { PasswordServiceService } from '../gen/trust/v1/password.ts';
import { type Change, SessionServiceService } from '../gen/trust/v1/session.ts';
import { SignInServiceService } from '../gen/trust/v1/sign_in.ts';
import { SigningKeyServiceService } from '../gen/trust/v1/signing_key.ts';
import { TenantServiceService } from '../gen/trust/v1/tenant.ts';
import type { FeedChange } from '../lease/facts.ts';

/** One that cannot be read may concern anything: it counts as one of the tenant (SDK-42). */
export function toFeedChange({ tenantId, subject }: Change): FeedChange {
  switch (subject?.$case) {
    case 'session': {
      const { handle, version, revoked } = subject.value;
      return { kind: 'session', tenantId, handle, version: Number(version), revoked };
    }
    case 'identity': {
      const { identityId, epoch, version } = subject.value;
      return { kind: 'identity', tenantId, identityId, epoch: Number(epoch), version: Number(version) };
    }
    case 'organisation': {
      const { organisationId, identityId, version } = subject.value;
      return { kind: 'organisation', tenantId, organisationId, identityId, version: Number(version) };
    }
    case 'signingKey':
      return { kind: 'signing_key', tenantId, ...subject.value };
    case 'service':
      return { kind: 'service', tenantId, service: subject.value.service };
    default:
      return { kind: 'tenant', tenantId, version: 0 };
  }
}

interface Asked {
  readonly identityId: string;
  readonly kid: string;
  readonly organisationId: string;
}

interface Answered {
  readonly handle: string;
  readonly version: bigint;
  readonly previousHandle: string;
  readonly previousVersion: bigint;
  readonly epoch: bigint;
  readonly session?: { readonly handle: string; readonly version: bigint };
  readonly organisation?: { readonly id: string; readonly version: bigint };
  readonly organisationVersion: bigint;
  readonly identity?: { readonly id: string; readonly epoch: bigint; readonly version: bigint };
}

type OwnChange = (request: Asked, response: Answered) => FeedChange | undefined;

const ofIdentity: OwnChange = (_, { identity }) =>
  identity && {
    kind: 'identity',
    identityId: identity.id,
    epoch: Number(identity.epoch),
    version: Number(identity.version),
  };

const newEpoch: OwnChange = ({ identityId }, { epoch }) => ({
  kind: 'identity',
  identityId,
  epoch: Number(epoch),
  version: 0,
});

const ofSession: OwnChange = (_, { session }) =>
  session && { kind: 'session', handle: session.handle, version: Number(session.version), revoked: false };

const ofOrganisation: OwnChange = (_, { organisation }) =>
  organisation && {
    kind: 'organisation',
    organisationId: organisation.id,
    identityId: '',
    version: Number(organisation.version),
  };

const ofMember: OwnChange = ({ organisationId, identityId }, { organisationVersion }) => ({
  kind: 'organisation',
  organisationId,
  identityId,
  version: Number(organisationVersion),
});

const ended = (handle: string, version: bigint): FeedChange | undefined =>
  handle === '' ? undefined : { kind: 'session', handle, version: Number(version), revoked: true };

const OWN_CHANGES = new Map<string, OwnChange>([
  [SessionServiceService.revokeSession.path, (_, { handle, version }) => ended(handle, version)],
  [SignInServiceService.exchangeSignInCode.path, (_, answer) => ended(answer.previousHandle, answer.previousVersion)],
  [SessionServiceService.revokeIdentitySessions.path, newEpoch],
  [SessionServiceService.rotateSession.path, ofSession],
  [OrganisationServiceService.setActiveOrganisation.path, ofSession],
  [OrganisationServiceService.updateOrganisation.path, ofOrganisation],
  [OrganisationServiceService.putRole.path, ofOrganisation],
  [OrganisationServiceService.deleteRole.path, ofOrganisation],
  [OrganisationServiceService.updateMember.path, ofMember],
  [OrganisationServiceService.removeMember.path, ofMember],
  [
    OrganisationServiceService.deleteOrganisation.path,
    ({ organisationId }) => ({ kind: 'organisation', organisationId, identityId: '', version: Infinity }),
  ],
  [PasswordServiceService.setPassword.path, newEpoch],
  [IdentityServiceService.disableIdentity.path, ofIdentity],
  [IdentityServiceService.lockIdentity.path, ofIdentity],
  [IdentityServiceService.enableIdentity.path, ofIdentity],
  [IdentityServiceService.updateIdentity.path, ofIdentity],
  [IdentityServiceService.addIdentifier.path, ofIdentity],
  [IdentityServiceService.removeIdentifier.path, ofIdentity],
  [
    IdentityServiceService.deleteIdentity.path,
    ({ identityId }) => ({ kind: 'identity', identityId, epoch: Infinity, version: Infinity }),
  ],
  [TenantServiceService.updateTenant.path, () => ({ kind: 'tenant', version: 0 })],
  [SigningKeyServiceService.retireSigningKey.path, ({ kid }) => ({ kind: 'signing_key', kid, retired: true })],
]);

/** What a call has changed, once it is answered. The request is one with its tenant filled in. */
export function ownChange(path: string, request: object, response: object): FeedChange | undefined {
  const change = OWN_CHANGES.get(path)?.(request as Asked, response as Answered);
  return change && { ...change, tenantId: (request as { readonly tenantId?: string }).tenantId };
}
