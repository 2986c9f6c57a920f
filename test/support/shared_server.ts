// One server for all attacks that need none of their own, started by the first; and what tests make through its RPCs.

import { rmSync } from 'node:fs';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { Consistency } from '../../server/src/contract/gen/trust/v1/session.ts';
import type { Scope } from '../../server/src/features/service_key/service_key.ts';
import { RpcCaller } from './rpc_caller.ts';
import { type ServerProcess, startServer } from './server_process.ts';

export type SharedServer = {
  readonly server: ServerProcess;
  /** Calls with the development key: all scopes, audiences `dev`, `orders` and `billing`. */
  readonly rpc: RpcCaller;
};

let shared: Promise<SharedServer> | undefined;

/** The server of this test process; it ends with it. */
export function sharedServer(): Promise<SharedServer> {
  shared ??= startServer({ env: { TRUST_ARGON2_PASSES: '2', TRUST_LOG_LEVEL: 'warn' } }).then((server) => {
    process.once('exit', () => {
      const pid = server.pid();
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      rmSync(server.dataDir, { recursive: true, force: true });
    });
    return { server, rpc: new RpcCaller(server.grpcAddress, server.serviceKey) };
  });
  return shared;
}

let count = 0;

/** A name that no other test has. */
export function freshName(prefix = 'n'): string {
  count += 1;
  return `${prefix}-${process.pid}-${Date.now().toString(36)}-${count}`;
}

export async function newIdentity(rpc: RpcCaller): Promise<string> {
  const identifiers = [{ type: IdentifierType.USERNAME, value: freshName('user'), verified: false }];
  const { identity } = await rpc.ok('IdentityService', 'createIdentity', { identifiers });
  return identity?.id ?? '';
}

/** An organisation with the roles `owner` (orders:read, orders:write) and `reader` (orders:read), and these members, who have `reader`. */
export async function newOrganisation(rpc: RpcCaller, members: readonly string[] = []): Promise<string> {
  const roles = [
    { name: 'owner', permissions: ['orders:read', 'orders:write'] },
    { name: 'reader', permissions: ['orders:read'] },
  ];
  const made = await rpc.ok('OrganisationService', 'createOrganisation', { displayName: freshName('org'), roles });
  const organisationId = made.organisation?.id ?? '';
  for (const identityId of members)
    await rpc.ok('OrganisationService', 'addMember', { organisationId, identityId, roles: ['reader'] });
  return organisationId;
}

export type NewSession = { readonly sessionId: string; readonly handle: string; readonly identityId: string };

/** A session; of a new identity unless one is named. */
export async function newSession(rpc: RpcCaller, identityId?: string): Promise<NewSession> {
  const owner = identityId ?? (await newIdentity(rpc));
  const { sessionId, session } = await rpc.ok('SessionService', 'createSession', { identityId: owner });
  return { sessionId, handle: session?.handle ?? '', identityId: owner };
}

/** `active`, or the number of the reason of the rejection. */
export async function verdictOf(rpc: RpcCaller, sessionId: string, how?: 'strong'): Promise<'active' | number> {
  const consistency = how === 'strong' ? Consistency.STRONG : Consistency.BOUNDED;
  const { verdict } = await rpc.ok('SessionService', 'verify', { sessionId, consistency });
  const answer = verdict?.answer;
  if (answer === undefined) return 0;
  return answer.$case === 'active' ? 'active' : answer.value.reason;
}

/** A service with one key; gives the key. */
export async function newService(
  rpc: RpcCaller,
  scopes: readonly Scope[],
  audiences: readonly string[] = [],
  lifetimeSeconds = 0,
): Promise<{ readonly name: string; readonly key: string; readonly keyId: string }> {
  const name = freshName('svc');
  await rpc.ok('ServiceKeyService', 'putService', { name, scopes: [...scopes], audiences: [...audiences] });
  const { serviceKey, key } = await rpc.ok('ServiceKeyService', 'createServiceKey', { service: name, lifetimeSeconds });
  return { name, key: serviceKey, keyId: key?.id ?? '' };
}
