import type { Instant } from '../../kernel/clock.ts';
import type { KnownDevice } from './known_device.ts';

export type KnownDeviceStore = {
  /** When this one was seen last, if ever, and how many there are. */
  find(
    tenantId: string,
    identityId: string,
    digest: string,
  ): Promise<{ readonly lastSeenAt: Instant | undefined; readonly count: number }>;
  /** Keeps it, or raises when it was seen last; of more than `most` those that were seen longest ago go. */
  keep(device: KnownDevice, most: number): Promise<void>;
  /** Those seen last come first. */
  list(tenantId: string, identityId: string): Promise<readonly KnownDevice[]>;
};
