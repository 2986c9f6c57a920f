import { type Effect, type Ending, effectsOf, raisesEpoch } from '../features/cascade/cascade.ts';
import type { Change } from '../features/change/change.ts';
import type { Database } from './database.ts';
import type { Transaction } from './dialects/dialect.ts';
import { RememberedDeviceEntity } from './entities/mfa.ts';
import { LinkedAccountEntity } from './entities/oauth.ts';

/** Raises the epoch of an identity; undefined if there is none. */
async function raise(sql: Database['sql'], tx: Transaction, { tenantId, identityId, at }: Ending) {
  const owner = [tenantId, identityId];
  await tx.execute(
    sql(
      'update {identity} set epoch = epoch + 1, version = version + 1, updated_at = ? where tenant_id = ? and id = ?',
    ),
    [at, ...owner],
    'run',
  );
  const found = sql('select epoch, version from {identity} where tenant_id = ? and id = ?');
  const [row] = await tx.execute<{ epoch: number; version: number }[]>(found, owner);
  return row && { epoch: Number(row.epoch), version: Number(row.version) };
}

/**
 * Carries out in `tx` what acts end (spec ACC-2); answers what it adds to the change feed. An end is a new epoch of the identity: what is of an
 * older one is active no more. What is kept is moved on into it.
 */
export async function carryOut(sql: Database['sql'], tx: Transaction, ending: Ending): Promise<readonly Change[]> {
  const { tenantId, identityId, acts, within } = ending;
  const effects = effectsOf(acts);
  if (effects.rememberedDevices === 'ended') await tx.nativeDelete(RememberedDeviceEntity, { tenantId, identityId });
  if (effects.linkedAccounts === 'ended') await tx.nativeDelete(LinkedAccountEntity, { tenantId, identityId });
  if (!raisesEpoch(acts)) return [];
  const raised = ending.raised ?? (await raise(sql, tx, ending));
  if (raised === undefined) return [];

  /** Moves rows of the epoch before on: all that are kept, or the one that is named. */
  const moveOn = async (effect: Effect, table: string, alive: string, key?: string, own?: string) => {
    const named = effect === 'others_ended' && key !== undefined && own !== undefined;
    if (effect !== 'kept' && !named) return;
    await tx.execute(
      sql(`update {${table}} set epoch = ?${table === 'session' ? ', version = version + 1' : ''}
        where tenant_id = ? and identity_id = ? and epoch = ? and ${alive}${named ? ` and ${key} = ?` : ''}`),
      [raised.epoch, tenantId, identityId, raised.epoch - 1, ...(named ? [own] : [])],
      'run',
    );
  };
  await moveOn(effects.sessions, 'session', 'revoked_at is null', 'handle', within?.sessionHandle);
  await moveOn(effects.codes, 'sign_in_code', 'spent_at is null');
  await moveOn(effects.codes, 'mail_proof', 'spent_at is null');
  await moveOn(effects.pendingSignIns, 'pending_sign_in', 'spent_at is null', 'digest', within?.pendingDigest);
  await moveOn(effects.rememberedDevices, 'remembered_device', '1 = 1');
  return ending.raised === undefined ? [{ tenantId, kind: 'identity', identityId, ...raised }] : [];
}
