import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import { digestOf, isSecret, newDeviceToken } from '../../kernel/secret.ts';
import { auditEvent } from '../audit/audit.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { MfaStore } from './store.ts';

type Who = { readonly id: string; readonly epoch: number };

/** Devices that are spared the second factor (spec MFA-9). They never raise the assurance of a session. */
export type RememberedDevices = {
  /** The token of a device, or none where the tenant remembers no devices. */
  remember(by: { readonly tenantId: string; readonly actor: string }, who: Who): Promise<string | undefined>;
  isRemembered(tenantId: string, who: Who, token: string | undefined): Promise<boolean>;
};

export function rememberedDevices(deps: {
  readonly mfa: Pick<MfaStore, 'remember' | 'readDevice'>;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
}): RememberedDevices {
  return {
    async remember({ tenantId, actor }, { id: identityId, epoch }) {
      const { rememberDevice } = await deps.settings(tenantId);
      if (rememberDevice === 0) return undefined;
      const now = deps.clock();
      const token = newDeviceToken(deps.random);
      const device = {
        tenantId,
        digest: digestOf('remembered_device', token),
        identityId,
        epoch,
        expiresAt: now + rememberDevice,
      };
      const about = { identityId, subject: identityId };
      const event = auditEvent({ tenantId, name: actor }, now, deps.newId, 'device.remembered', about);
      await deps.mfa.remember(device, { changes: [], events: [event] });
      return token;
    },

    async isRemembered(tenantId, { id, epoch }, token) {
      if (token === undefined || !isSecret('remembered_device', token)) return false;
      const device = await deps.mfa.readDevice(tenantId, digestOf('remembered_device', token));
      // A shorter span of the tenant's holds for devices that were remembered before, too.
      const { rememberDevice } = await deps.settings(tenantId);
      const now = deps.clock();
      return (
        device?.identityId === id &&
        device.epoch === epoch &&
        now < device.expiresAt &&
        device.expiresAt <= now + rememberDevice
      );
    },
  };
}
