import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Composition } from './compose.ts';
import { createServiceKey, revokeServiceKey } from './features/service_key/change_service_key.ts';
import { SCOPES, type Service } from './features/service_key/service_key.ts';
import { DEFAULT_TENANT } from './features/tenant/tenant.ts';
import type { Store } from './store/store.ts';

/** The master key of a development server: made once, kept in the data folder, readable by its owner alone. */
export function developmentMasterKey(dataDir: string): Uint8Array {
  const path = join(dataDir, 'master-key');
  if (!existsSync(path)) writePrivate(path, randomBytes(32).toString('base64'));
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64');
  if (key.length !== 32) throw new Error(`${path} does not hold a master key (base64 of 32 bytes).`);
  return key;
}

const SERVICES: readonly { readonly file: string; readonly service: Omit<Service, 'createdAt'> }[] = [
  {
    file: 'service-key',
    service: service('dev', SCOPES, ['dev', 'orders', 'billing']),
  },
  {
    file: 'service-key.orders',
    service: service('orders', ['tokens:exchange'], ['billing']),
  },
];

function service(name: string, scopes: Service['scopes'], audiences: readonly string[]) {
  return { tenantId: DEFAULT_TENANT, name, scopes, audiences, certificateNames: [] };
}

/** Sees that the data folder holds live keys of the services that the starters use; gives the path of each file. */
export async function developmentKeys(node: Composition, store: Store, dataDir: string): Promise<readonly string[]> {
  return Promise.all(
    SERVICES.map(async ({ file, service }) => {
      const path = join(dataDir, file);
      if (existsSync(path) && (await isAccepted(node, readFileSync(path, 'utf8').trim()))) return path;
      await node.putService('system', service);
      const who = { tenantId: service.tenantId, actor: 'system' };
      // Keys whose file was lost would fill the two places that a service has.
      for (const key of await store.serviceKeys.list(service.tenantId, service.name, Date.now(), 100)) {
        if (key.revokedAt === undefined) await revokeServiceKey(node.keyDeps, { ...who, keyId: key.id });
      }
      const { secret } = await createServiceKey(node.keyDeps, { ...who, service: service.name });
      writePrivate(path, secret);
      return path;
    }),
  );
}

async function isAccepted(node: Composition, key: string): Promise<boolean> {
  try {
    await node.authenticate({ authorization: `Bearer ${key}`, certificateNames: [] });
    return true;
  } catch (error) {
    if ((error as { reason?: unknown }).reason === 'SERVICE_KEY_REJECTED') return false;
    throw error;
  }
}

/** Written beside its place and moved there, so that no half file is ever read. */
function writePrivate(path: string, text: string): void {
  writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
