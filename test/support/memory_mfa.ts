import type { Effects, Within } from '../../server/src/features/cascade/cascade.ts';
import type { Trail } from '../../server/src/features/change/change.ts';
import type { MfaStore, RememberedDevice, Totp } from '../../server/src/features/mfa/store.ts';
import type { Passkey } from '../../server/src/features/passkey/passkey.ts';
import type { PasskeyStore } from '../../server/src/features/passkey/store.ts';
import type { PendingSignIn } from '../../server/src/features/pending_sign_in/pending_sign_in.ts';
import type { PendingSignInStore } from '../../server/src/features/pending_sign_in/store.ts';

/** The ports of second factors over plain maps, as memoryStores does it for all others. */
export function memoryMfa(append: (trail: Trail) => void) {
  const pending = new Map<string, PendingSignIn & { attempts: number; spent: boolean }>();
  const totps = new Map<string, Totp>();
  const codes = new Map<string, Set<string>>();
  const devices = new Map<string, RememberedDevice>();
  const passkeys = new Map<string, Passkey>();
  const challenges = new Set<string>();
  const key = (...parts: readonly string[]) => parts.join(' ');

  const alive = (tenantId: string, digest: string, now: number) => {
    const row = pending.get(key(tenantId, digest));
    return row === undefined || row.spent || row.expiresAt <= now ? undefined : row;
  };

  const pendingSignIns: PendingSignInStore = {
    async insert(row, trail) {
      pending.set(key(row.tenantId, row.digest), { ...row, attempts: 0, spent: false });
      append(trail);
    },
    async read(tenantId, digest, now) {
      const row = alive(tenantId, digest, now);
      if (row === undefined) return undefined;
      const { attempts: _, spent: __, ...record } = row;
      return record;
    },
    async attempt({ tenantId, digest, identityId }, limits, now) {
      const row = alive(tenantId, digest, now);
      if (row === undefined || row.attempts >= limits.each) return 'used_up';
      const all = [...pending.values()].filter(
        (one) => one.tenantId === tenantId && one.identityId === identityId && alive(tenantId, one.digest, now),
      );
      if (all.reduce((sum, { attempts }) => sum + attempts, 0) >= limits.identity) return 'identity_used_up';
      row.attempts += 1;
      return 'ok';
    },
    async prove({ tenantId, digest }, proved) {
      const row = pending.get(key(tenantId, digest));
      if (row !== undefined && !row.spent) pending.set(key(tenantId, digest), { ...row, proved });
    },
    async spend({ tenantId, digest }, now, trail) {
      const row = alive(tenantId, digest, now);
      if (row === undefined) return undefined;
      row.spent = true;
      append(trail);
      return row.epoch;
    },
  };

  const ofIdentity = (tenantId: string, identityId: string) =>
    [...passkeys.values()].filter((row) => row.tenantId === tenantId && row.identityId === identityId);

  const forget = (tenantId: string, identityId: string) => {
    for (const [id, row] of devices) if (row.tenantId === tenantId && row.identityId === identityId) devices.delete(id);
  };

  /** Moves what an act keeps on into the new epoch. */
  const moveOn = (to: {
    tenantId: string;
    identityId: string;
    effects: Effects;
    within: Within | undefined;
    epoch: number;
  }) => {
    const own = (row: { tenantId: string; identityId: string; epoch: number }) =>
      row.tenantId === to.tenantId && row.identityId === to.identityId && row.epoch === to.epoch - 1;
    const { pendingSignIns: effect } = to.effects;
    for (const [id, row] of pending) {
      const kept = effect === 'kept' || (effect === 'others_ended' && to.within?.pendingDigest === row.digest);
      if (own(row) && kept && !row.spent) pending.set(id, { ...row, epoch: to.epoch });
    }
    if (to.effects.rememberedDevices !== 'kept') return;
    for (const [id, row] of devices) if (own(row)) devices.set(id, { ...row, epoch: to.epoch });
  };

  const mfa: MfaStore = {
    async factors(tenantId, identityId) {
      return {
        totp: totps.has(key(tenantId, identityId)),
        passkeys: ofIdentity(tenantId, identityId).length,
        recoveryCodes: codes.get(key(tenantId, identityId))?.size ?? 0,
      };
    },
    async readTotp(tenantId, identityId) {
      return totps.get(key(tenantId, identityId));
    },
    async setTotp(totp, digests, trail) {
      totps.set(key(totp.tenantId, totp.identityId), totp);
      if (digests !== undefined) codes.set(key(totp.tenantId, totp.identityId), new Set(digests));
      append(trail);
    },
    async useStep({ tenantId, identityId, id }, step, now, trail) {
      const row = totps.get(key(tenantId, identityId));
      if (row?.id !== id || row.lastStep >= step) return false;
      totps.set(key(tenantId, identityId), { ...row, lastStep: step, lastUsedAt: now });
      append(trail);
      return true;
    },
    async setRecoveryCodes(tenantId, identityId, digests, trail) {
      codes.set(key(tenantId, identityId), new Set(digests));
      append(trail);
    },
    async spendRecoveryCode(tenantId, identityId, digest, trail) {
      const left = codes.get(key(tenantId, identityId));
      if (left?.delete(digest) !== true) return undefined;
      append(trail);
      return left.size;
    },
    async remember(device, trail) {
      devices.set(key(device.tenantId, device.digest), device);
      append(trail);
    },
    async readDevice(tenantId, digest) {
      return devices.get(key(tenantId, digest));
    },
    async forgetDevices(trail) {
      append(trail);
    },
    async removeFactor(tenantId, identityId, id, trail) {
      const passkey = ofIdentity(tenantId, identityId).find((row) => row.id === id);
      if (passkey !== undefined) passkeys.delete(key(tenantId, passkey.credentialId));
      else if (totps.get(key(tenantId, identityId))?.id === id) totps.delete(key(tenantId, identityId));
      else return false;
      if (!totps.has(key(tenantId, identityId)) && ofIdentity(tenantId, identityId).length === 0) {
        codes.delete(key(tenantId, identityId));
        forget(tenantId, identityId);
      }
      append(trail);
      return true;
    },
  };

  const passkeyStore: PasskeyStore = {
    async list(tenantId, identityId) {
      return ofIdentity(tenantId, identityId);
    },
    async read(tenantId, credentialId) {
      return passkeys.get(key(tenantId, credentialId));
    },
    async insert(passkey, digests, most, trail) {
      const { tenantId, identityId, credentialId } = passkey;
      if (passkeys.has(key(tenantId, credentialId))) return 'taken';
      if (ofIdentity(tenantId, identityId).length >= most) return 'too_many';
      passkeys.set(key(tenantId, credentialId), passkey);
      if (digests !== undefined) codes.set(key(tenantId, identityId), new Set(digests));
      append(trail);
      return 'ok';
    },
    async use(passkey, counter, now, trail) {
      const row = passkeys.get(key(passkey.tenantId, passkey.credentialId));
      if (row === undefined || !(counter > row.counter || (counter === 0 && row.counter === 0))) return false;
      passkeys.set(key(row.tenantId, row.credentialId), { ...row, counter, lastUsedAt: now });
      append(trail);
      return true;
    },
    async spendChallenge({ tenantId, digest }) {
      if (challenges.has(key(tenantId, digest))) return false;
      challenges.add(key(tenantId, digest));
      return true;
    },
  };

  return { pendingSignIns, mfa, passkeys: passkeyStore, forget, moveOn };
}
