import type { Acting } from '../features/acting/acting.ts';
import type { IdentityFacts } from '../features/identity/identity.ts';
import type { OrganisationFacts } from '../features/organisation/organisation.ts';
import type { Device, Session } from '../features/session/session.ts';
import { type Instant, SECOND } from '../kernel/clock.ts';
import {
  ActingKind,
  type Acting as ActingMessage,
  type Device as DeviceMessage,
  type IdentityFacts as IdentityFactsMessage,
  type OrganisationFacts as OrganisationFactsMessage,
  type Session as SessionMessage,
} from './gen/trust/v1/session.ts';

/** Writes an instant as the contract does. */
export const timestamp = (at: Instant): Date => new Date(at);

/** Writes an instant that may be absent. */
export const optionalTimestamp = (at: Instant | undefined): Date | undefined =>
  at === undefined ? undefined : new Date(at);

/** The instant of a message; undefined where it is absent. */
export const instantOf = (at: Date | undefined): Instant | undefined => at?.getTime();

export function deviceMessage(device: Device): DeviceMessage {
  return { userAgent: device.userAgent, ipAddress: device.ipAddress, label: device.label };
}

/** The public facts of a session: everything but its digest. */
export function sessionMessage(session: Session): SessionMessage {
  return {
    handle: session.handle,
    tenantId: session.tenantId,
    identityId: session.identityId,
    version: BigInt(session.version),
    epoch: BigInt(session.epoch),
    authenticatedAt: timestamp(session.authenticatedAt),
    acr: session.acr,
    amr: session.amr,
    createdAt: timestamp(session.createdAt),
    lastUsedAt: timestamp(session.lastUsedAt),
    expiresAt: timestamp(session.expiresAt),
    idleTimeoutSeconds: session.idleTimeout / SECOND,
    device: deviceMessage(session.device),
    acting: session.acting && actingMessage(session.acting),
  };
}

const actingMessage = ({ kind, actor, reason, service, parent, scope }: Acting): ActingMessage => ({
  kind: kind === 'support' ? ActingKind.SUPPORT : ActingKind.AGENT,
  actor,
  reason,
  service,
  parentHandle: parent,
  scope,
});

export function identityFactsMessage(identity: IdentityFacts): IdentityFactsMessage {
  return {
    id: identity.id,
    displayName: identity.displayName,
    roles: identity.roles,
    epoch: BigInt(identity.epoch),
    metadata: { ...identity.metadata },
    version: BigInt(identity.version),
  };
}

export function organisationFactsMessage(organisation: OrganisationFacts): OrganisationFactsMessage {
  return {
    id: organisation.id,
    displayName: organisation.displayName,
    roles: organisation.roles,
    permissions: organisation.permissions,
    version: BigInt(organisation.version),
  };
}
