import { TrustError } from '../../errors/trust_error.ts';
import type { Clock, Instant } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { auditEvent } from '../audit/audit.ts';
import type { Act, Within } from '../cascade/cascade.ts';
import type { Identity } from '../identity/identity.ts';
import type { MailWriter } from '../mail/write_mail.ts';
import type { MfaStore } from './store.ts';

/** A second factor as its owner sees it. */
export type FactorRecord = {
  readonly id: string;
  readonly type: 'totp' | 'passkey';
  readonly label: string;
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant | undefined;
};

type Target = {
  readonly tenantId: string;
  readonly actor: string;
  readonly identityId: string;
  /** The session or sign-in in which it is done. */
  readonly within?: Within | undefined;
};

export type ManageFactors = {
  /** Oldest first. Errors: IDENTITY_NOT_FOUND. */
  list(
    tenantId: string,
    identityId: string,
  ): Promise<{ readonly factors: readonly FactorRecord[]; readonly recoveryCodesLeft: number }>;
  /** Errors: FACTOR_NOT_FOUND. */
  remove(target: Target & { readonly factorId: string }): Promise<void>;
  /** Errors: IDENTITY_NOT_FOUND. */
  forgetDevices(target: Target): Promise<void>;
};

export function manageFactors(deps: {
  readonly mfa: Pick<MfaStore, 'factors' | 'readTotp' | 'removeFactor' | 'forgetDevices'>;
  readonly listPasskeys: (tenantId: string, identityId: string) => Promise<readonly Omit<FactorRecord, 'type'>[]>;
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly mails: Pick<MailWriter, 'tell'>;
  readonly clock: Clock;
  readonly newId: NewId;
}): ManageFactors {
  const known = async (tenantId: string, identityId: string) => {
    const identity = await deps.readIdentity(tenantId, identityId);
    if (identity === undefined) throw new TrustError('IDENTITY_NOT_FOUND');
    return identity;
  };
  const listed = async (tenantId: string, identityId: string): Promise<readonly FactorRecord[]> => {
    const [totp, passkeys] = await Promise.all([
      deps.mfa.readTotp(tenantId, identityId),
      deps.listPasskeys(tenantId, identityId),
    ]);
    return [
      ...(totp === undefined ? [] : [{ ...totp, type: 'totp' as const }]),
      ...passkeys.map((passkey) => ({ ...passkey, type: 'passkey' as const })),
    ];
  };
  const trailOf = (
    { tenantId, actor, identityId, within }: Target,
    action: 'factor.removed' | 'device.forgotten',
    subject: string,
    act: Act,
  ) => {
    const at = deps.clock();
    const event = auditEvent({ tenantId, name: actor }, at, deps.newId, action, { identityId, subject });
    return { changes: [], events: [event], ending: { tenantId, identityId, acts: [act], within, at } };
  };
  return {
    async list(tenantId, identityId) {
      await known(tenantId, identityId);
      const [all, { recoveryCodes }] = await Promise.all([
        listed(tenantId, identityId),
        deps.mfa.factors(tenantId, identityId),
      ]);
      const factors = [...all].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
      return { factors, recoveryCodesLeft: recoveryCodes };
    },

    async remove({ factorId, ...target }) {
      const { tenantId, identityId } = target;
      const [identity, all] = await Promise.all([
        deps.readIdentity(tenantId, identityId),
        listed(tenantId, identityId),
      ]);
      const factor = all.find(({ id }) => id === factorId)?.type;
      if (identity === undefined || factor === undefined) throw new TrustError('FACTOR_NOT_FOUND');
      const mails = await deps.mails.tell(identity, ['factor_removed'], { factor, place: target.within?.place });
      const trail = { ...trailOf(target, 'factor.removed', factorId, 'factor_removed'), mails };
      if (!(await deps.mfa.removeFactor(tenantId, identityId, factorId, trail))) {
        throw new TrustError('FACTOR_NOT_FOUND');
      }
    },

    async forgetDevices(target) {
      const { tenantId, identityId } = target;
      await known(tenantId, identityId);
      await deps.mfa.forgetDevices(trailOf(target, 'device.forgotten', identityId, 'devices_forgotten'));
    },
  };
}
