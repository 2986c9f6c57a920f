import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { AuditVerification, AuditVerifyOptions } from './cli/audit_actions.ts';
import type { Config } from './config/config.ts';
import { developmentMasterKey } from './development.ts';
import { type AuditJwk, auditSigner, checkpointReader } from './features/audit/checkpoint.ts';
import { exportChain, verifyExport } from './features/audit/export_chain.ts';
import { allCheckpoints, verifyStored } from './features/audit/verify_chain.ts';
import { openDialect } from './store/dialects/dialect.ts';
import { openStore, type Store } from './store/store.ts';

const jwks = z.object({
  keys: z.array(z.looseObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string().length(43) })).min(1),
});

/** `trust-layer audit verify`. */
export async function verifyAudit(config: Config, options: AuditVerifyOptions): Promise<AuditVerification> {
  const read = checkpointReader(options.keys === undefined ? [keyOf(config)] : keysIn(options.keys));
  const anchors = options.checkpoints === undefined ? [] : linesOf(options.checkpoints);
  const { file } = options;
  if (file !== undefined) {
    return { tenants: await verifyExport(() => exportedLines(file), read, anchors), unchained: undefined };
  }
  return await withStore(config, async ({ chain }) => ({
    tenants: await verifyStored({ chain, read, anchors }),
    unchained: await chain.unchained(),
  }));
}

/** `trust-layer audit export`. */
export function exportAudit(config: Config, tenantId: string, write: (line: string) => Promise<void>): Promise<void> {
  return withStore(config, async ({ chain }) => {
    for await (const line of exportChain(chain, tenantId)) await write(`${line}\n`);
  });
}

/** `trust-layer audit checkpoint`: the newest of each tenant. */
export function newestCheckpoints(config: Config): Promise<readonly string[]> {
  return withStore(config, async ({ chain }) => {
    const byTenant = new Map((await allCheckpoints(chain)).map(({ tenantId, token }) => [tenantId, token]));
    return [...byTenant.values()];
  });
}

/** `trust-layer audit key`: as a JSON Web Key Set. */
export const auditKeys = (config: Config) => ({ keys: [keyOf(config)] });

function keyOf(config: Config) {
  const path = join(config.dataDir, 'master-key');
  const masterKey =
    config.masterKey ?? (config.dev && existsSync(path) ? developmentMasterKey(config.dataDir) : undefined);
  if (masterKey === undefined)
    throw new Error(
      'The audit key is derived from the master key: set TRUST_MASTER_KEY, or name a file with what trust-layer audit key prints by --keys.',
    );
  return auditSigner(masterKey).jwk;
}

function keysIn(path: string): readonly AuditJwk[] {
  try {
    return jwks.parse(JSON.parse(readFileSync(path, 'utf8'))).keys;
  } catch (cause) {
    throw new Error(`${path} holds no audit keys as trust-layer audit key prints them.`, { cause });
  }
}

const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');

/** Lines end with a newline and nothing else. A last one that has none is given in a form that no line has. */
async function* exportedLines(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield `${rest}\0`;
}

async function withStore<T>({ databaseUrl }: Config, act: (store: Store) => Promise<T>): Promise<T> {
  const { exists } = await openDialect(databaseUrl, () => {});
  if (exists?.() === false) throw new Error('There is no database at DATABASE_URL.');
  const store = await openStore({ databaseUrl, readOnly: true });
  try {
    const refusal = await store.refusal(false);
    if (refusal !== undefined) throw new Error(refusal);
    return await act(store);
  } finally {
    await store.close();
  }
}
