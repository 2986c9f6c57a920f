// The acts of the cascade that are about more than one identity.
import type { WideAct } from '../../server/src/features/cascade/wide_cascade.ts';
import { SCOPES } from '../../server/src/features/service_key/service_key.ts';
import { RpcCaller } from '../../test/support/rpc_caller.ts';
import { newIdentity, newOrganisation, newService, newSession } from '../../test/support/shared_server.ts';
import { isActive, type Trial, type Trials, type World } from './trial.ts';

/** A session in an organisation whose owner its person is, and what ends that. */
const inOrganisation =
  (rpc: RpcCaller, run: (who: { readonly organisationId: string; readonly identityId: string }) => Promise<unknown>) =>
  async (): Promise<Trial> => {
    const identityId = await newIdentity(rpc);
    const organisationId = await newOrganisation(rpc);
    await rpc.ok('OrganisationService', 'addMember', { organisationId, identityId, roles: ['owner'] });
    const { sessionId } = await rpc.ok('SessionService', 'createSession', { identityId, organisationId });
    return {
      rpc,
      sessionId,
      holds: ({ organisation }) => organisation?.permissions?.includes('orders:write') === true,
      act: () => run({ organisationId, identityId }),
    };
  };

/** A session in which an agent acts, begun by a key. */
async function byServiceKey({ rpc, nodes }: World): Promise<Trial> {
  const agent = await newService(rpc, SCOPES);
  const caller = new RpcCaller(nodes[0].grpcAddress, agent.key);
  const { sessionId: person } = await newSession(rpc);
  const sent = { sessionId: person, agent: 'bot', scope: ['x'], lifetimeSeconds: 600 };
  const { sessionId } = await caller.ok('SessionService', 'startDelegation', sent);
  caller.close();
  const act = () => rpc.ok('ServiceKeyService', 'revokeServiceKey', { keyId: agent.keyId });
  return { rpc, sessionId, holds: isActive, act };
}

/** One tenant for all rounds, whose keys are published at the second node. */
function suspension({ rpc, nodes: [first, second] }: World): () => Promise<Trial> {
  const id = 'suspended';
  const made = (async () => {
    const publicUrl = `http://${second.httpAddress}`;
    const { serviceKey } = await rpc.ok('TenantService', 'createTenant', { id, publicUrl });
    const admin = new RpcCaller(first.grpcAddress, serviceKey, id);
    const backend = await newService(admin, SCOPES, ['dev']);
    admin.close();
    return { publicUrl, key: backend.key };
  })();
  return async () => {
    const { publicUrl, key } = await made;
    const tenant = new RpcCaller(first.grpcAddress, key, id);
    const { sessionId } = await newSession(tenant);
    return {
      rpc: tenant,
      sessionId,
      holds: isActive,
      act: () => rpc.ok('TenantService', 'suspendTenant', { id, reason: 'unpaid' }),
      settings: { tenant_id: id, service_key: key, issuer: publicUrl },
      async after() {
        tenant.close();
        await rpc.ok('TenantService', 'resumeTenant', { id });
      },
    };
  };
}

export function wideTrials(world: World): Trials {
  const { rpc } = world;
  const trials: Readonly<Record<WideAct, () => Promise<Trial>>> = {
    role_changed: inOrganisation(rpc, ({ organisationId }) =>
      rpc.ok('OrganisationService', 'putRole', {
        organisationId,
        role: { name: 'owner', permissions: ['orders:read'] },
      }),
    ),
    member_roles_changed: inOrganisation(rpc, (who) =>
      rpc.ok('OrganisationService', 'updateMember', { ...who, roles: ['reader'] }),
    ),
    member_removed: inOrganisation(rpc, (who) => rpc.ok('OrganisationService', 'removeMember', who)),
    organisation_deleted: inOrganisation(rpc, ({ organisationId }) =>
      rpc.ok('OrganisationService', 'deleteOrganisation', { organisationId }),
    ),
    service_key_revoked: () => byServiceKey(world),
    tenant_suspended: suspension(world),
  };
  return Object.entries(trials);
}
