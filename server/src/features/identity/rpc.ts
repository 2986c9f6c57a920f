import { z } from 'zod';
import { checked, identityId, pageSize, textCharacters } from '../../contract/fields.ts';
import type * as message from '../../contract/gen/trust/v1/identity.ts';
import { IdentityState } from '../../contract/gen/trust/v1/identity.ts';
import { instantOf, optionalTimestamp, timestamp } from '../../contract/messages.ts';
import type { PageTokens } from '../../contract/page_tokens.ts';
import type { Call, Handler } from '../../contract/rpc.ts';
import { invalidField, TrustError } from '../../errors/trust_error.ts';
import type { AuditAction } from '../audit/audit.ts';
import { disabled, enabled, locked, standingFacts, standingOf } from '../standing/standing.ts';
import {
  type ChangeDeps,
  type ChangeTarget,
  changeIdentity,
  type IdentityRule,
  withoutName,
} from './change_identity.ts';
import type { CreateIdentity } from './create_identity.ts';
import { createFields, readIdentifier, readIdentifiers, TYPE_MESSAGES, updateFields } from './fields.ts';
import { type Identity, MAX_IDENTIFIERS, sameName } from './identity.ts';
import type { RemoveIdentity } from './remove_identity.ts';
import type { IdentityStore } from './store.ts';

export type IdentityRpc = {
  readonly createIdentity: Handler<message.CreateIdentityRequest, message.CreateIdentityResponse>;
  readonly getIdentity: Handler<message.GetIdentityRequest, message.GetIdentityResponse>;
  readonly findIdentity: Handler<message.FindIdentityRequest, message.FindIdentityResponse>;
  readonly updateIdentity: Handler<message.UpdateIdentityRequest, message.UpdateIdentityResponse>;
  readonly disableIdentity: Handler<message.DisableIdentityRequest, message.DisableIdentityResponse>;
  readonly lockIdentity: Handler<message.LockIdentityRequest, message.LockIdentityResponse>;
  readonly enableIdentity: Handler<message.EnableIdentityRequest, message.EnableIdentityResponse>;
  readonly deleteIdentity: Handler<message.DeleteIdentityRequest, message.DeleteIdentityResponse>;
  readonly listIdentities: Handler<message.ListIdentitiesRequest, message.ListIdentitiesResponse>;
  readonly addIdentifier: Handler<message.AddIdentifierRequest, message.AddIdentifierResponse>;
  readonly removeIdentifier: Handler<message.RemoveIdentifierRequest, message.RemoveIdentifierResponse>;
};

const byId = z.object({ identityId });
const stateReason = textCharacters(256);

/** The handlers of IdentityService. */
export function identityRpc(useCases: {
  readonly pageTokens: PageTokens;
  readonly createIdentity: CreateIdentity;
  readonly removeIdentity: RemoveIdentity;
  readonly change: ChangeDeps;
  readonly identities: Pick<IdentityStore, 'read' | 'readByIdentifier' | 'list'>;
}): IdentityRpc {
  const { identities } = useCases;

  const change = async (
    target: Pick<ChangeTarget, 'identityId' | 'expectedVersion' | 'facts'>,
    { tenantId, caller }: Call,
    action: AuditAction,
    rule: IdentityRule,
  ) => {
    const whole = { ...target, tenantId, actor: caller.service };
    return { identity: identityMessage(await changeIdentity(useCases.change, whole, action, rule)) };
  };

  return {
    async createIdentity(request, { tenantId, caller }) {
      const facts = { ...checked(createFields, request), identifiers: readIdentifiers(request.identifiers) };
      const identity = await useCases.createIdentity({ ...facts, tenantId, actor: caller.service });
      return { identity: identityMessage(identity) };
    },

    async getIdentity(request, { tenantId }) {
      const identity = await identities.read(tenantId, checked(byId, request).identityId);
      return { identity: identityMessage(known(identity)) };
    },

    async findIdentity(request, { tenantId }) {
      const { type, value } = readIdentifier({ ...request, verified: false }, { type: 'type', value: 'value' });
      return { identity: identityMessage(known(await identities.readByIdentifier(tenantId, type, value))) };
    },

    updateIdentity(request, call) {
      const { displayName, roles, metadata, ...target } = checked(updateFields, request);
      return change(target, call, 'identity.updated', (before) => ({
        ...before,
        displayName: displayName ?? before.displayName,
        roles: roles?.values ?? before.roles,
        metadata: metadata?.entries ?? before.metadata,
      }));
    },

    async disableIdentity(request, call) {
      const { reason, ...target } = checked(byId.extend({ reason: stateReason }), request);
      const rule: IdentityRule = (before) => disabled(before, reason);
      return change({ ...target, facts: standingFacts }, call, 'identity.disabled', rule);
    },

    async lockIdentity(request, call) {
      const { reason, ...target } = checked(byId.extend({ reason: stateReason }), request);
      const until = instantOf(request.until);
      if (until === undefined) throw invalidField('until', 'is required');
      const rule: IdentityRule = (before, now) => locked(before, reason, until, now);
      return change({ ...target, facts: standingFacts }, call, 'identity.locked', rule);
    },

    enableIdentity: (request, call) => change(checked(byId, request), call, 'identity.enabled', enabled),

    async deleteIdentity(request, { tenantId, caller }) {
      await useCases.removeIdentity({ ...checked(byId, request), tenantId, actor: caller.service });
      return {};
    },

    async listIdentities(request, { tenantId }) {
      const { pageSize: limit } = checked(z.object({ pageSize }), request);
      const list = ['identities', tenantId] as const;
      const after = useCases.pageTokens.read(list, request.pageToken);
      const page = await identities.list(tenantId, { limit, ...(after && { after }) });
      return { identities: page.rows.map(identityMessage), nextPageToken: useCases.pageTokens.write(list, page.next) };
    },

    addIdentifier(request, call) {
      const given = request.identifier;
      if (given === undefined) throw invalidField('identifier', 'is required');
      const added = readIdentifier(given, { type: 'identifier.type', value: 'identifier.value' });
      return change(checked(byId, request), call, 'identifier.added', (before) => {
        if (before.identifiers.some((one) => sameName(one, added))) return undefined;
        if (before.identifiers.length >= MAX_IDENTIFIERS) {
          throw invalidField('identifier', `would be more than ${MAX_IDENTIFIERS}`);
        }
        return { ...before, identifiers: [...before.identifiers, added] };
      });
    },

    removeIdentifier(request, call) {
      const gone = readIdentifier({ ...request, verified: false }, { type: 'type', value: 'value' });
      return change(checked(byId, request), call, 'identifier.removed', withoutName(gone));
    },
  };
}

const STATES = {
  active: IdentityState.ACTIVE,
  disabled: IdentityState.DISABLED,
  locked: IdentityState.LOCKED,
} as const;

function known(identity: Identity | undefined): Identity {
  if (identity === undefined) throw new TrustError('IDENTITY_NOT_FOUND');
  return identity;
}

function identityMessage(identity: Identity): message.Identity {
  return {
    id: identity.id,
    tenantId: identity.tenantId,
    state: STATES[standingOf(identity)],
    stateReason: identity.stateReason ?? '',
    lockedUntil: optionalTimestamp(identity.lockedUntil),
    identifiers: identity.identifiers.map(({ type, value, verified }) => ({
      type: TYPE_MESSAGES[type],
      value,
      verified,
    })),
    displayName: identity.displayName,
    roles: identity.roles,
    metadata: { ...identity.metadata },
    epoch: BigInt(identity.epoch),
    version: BigInt(identity.version),
    createdAt: timestamp(identity.createdAt),
    updatedAt: timestamp(identity.updatedAt),
    deletionAt: optionalTimestamp(identity.deletionAt),
  };
}
