import { type Ending, effectsOf, raisesEpoch } from '../../server/src/features/cascade/cascade.ts';
import type { Change, Trail } from '../../server/src/features/change/change.ts';
import type { Identity } from '../../server/src/features/identity/identity.ts';
import type { Session } from '../../server/src/features/session/session.ts';
import type { SessionLimit } from '../../server/src/features/session/store.ts';
import type { SignInCode } from '../../server/src/features/sign_in/sign_in_code.ts';
import type { memoryMfa } from './memory_mfa.ts';

type Maps = {
  readonly identities: Map<string, Identity>;
  readonly sessions: Map<string, Session>;
  readonly codes: Map<string, { code: SignInCode }>;
  readonly mfa: Pick<ReturnType<typeof memoryMfa>, 'forget' | 'moveOn'>;
};

const key = (tenantId: string, id: string) => `${tenantId}\n${id}`;

/** Carries out what acts end, as the store does: an end is a new epoch, and what is kept is moved on into it. */
export function carryOut(
  { identities, sessions, codes, mfa }: Maps,
  { tenantId, identityId, acts, within, at, raised: given }: Ending,
): readonly Change[] {
  const effects = effectsOf(acts);
  if (effects.rememberedDevices === 'ended') mfa.forget(tenantId, identityId);
  const owner = identities.get(key(tenantId, identityId));
  if (!raisesEpoch(acts) || (given === undefined && owner === undefined)) return [];
  const raised = given ?? { epoch: (owner?.epoch ?? 0) + 1, version: (owner?.version ?? 0) + 1 };
  if (given === undefined && owner) identities.set(key(tenantId, identityId), { ...owner, ...raised, updatedAt: at });
  for (const [id, row] of sessions) {
    const kept =
      effects.sessions === 'kept' || (effects.sessions === 'others_ended' && within?.sessionHandle === row.handle);
    if (!kept || row.tenantId !== tenantId || row.identityId !== identityId || row.epoch !== raised.epoch - 1) continue;
    sessions.set(id, { ...row, epoch: raised.epoch, version: row.version + 1 });
  }
  for (const row of codes.values()) {
    const { code } = row;
    const own = code.tenantId === tenantId && code.identityId === identityId && code.epoch === raised.epoch - 1;
    if (own && effects.codes === 'kept') row.code = { ...code, epoch: raised.epoch };
  }
  mfa.moveOn({ tenantId, identityId, effects, within, epoch: raised.epoch });
  return given === undefined ? [{ tenantId, kind: 'identity', identityId, ...raised }] : [];
}

/** Ends the oldest sessions beyond a limit; undefined where the new one is refused. */
export function makeRoom(
  sessions: Map<string, Session>,
  { tenantId, identityId, epoch }: Session,
  { most, now, ending }: SessionLimit,
): readonly Trail[] | undefined {
  const active = [...sessions.values()].filter(
    (row) =>
      [row.tenantId, row.identityId, row.epoch].join() === [tenantId, identityId, epoch].join() &&
      row.revokedAt === undefined &&
      now < Math.min(row.expiresAt, row.lastUsedAt + row.idleTimeout),
  );
  const surplus = active.sort((a, b) => a.createdAt - b.createdAt).slice(0, Math.max(0, active.length + 1 - most));
  if (surplus.length > 0 && ending === undefined) return undefined;
  for (const one of surplus)
    sessions.set(key(tenantId, one.handle), { ...one, version: one.version + 1, revokedAt: now });
  return surplus.flatMap((one) => ending?.(one) ?? []);
}

/** A lock that is over is none. */
export function lifted(identity: Identity | undefined, now: number): Identity | undefined {
  if (identity?.lockedUntil === undefined || identity.lockedUntil > now) return identity;
  const { stateReason: _, lockedUntil: __, ...same } = identity;
  return { ...same, active: true };
}

/** Identities whose deletion is due. */
export const dueOf = (identities: Maps['identities'], now: number, limit: number): readonly Identity[] =>
  [...identities.values()].filter(({ deletionAt }) => deletionAt !== undefined && deletionAt <= now).slice(0, limit);
