import { createHash } from 'node:crypto';
import { addressPrefix } from '../../kernel/address_block.ts';
import { DAY, type Instant, type Span } from '../../kernel/clock.ts';
import { deviceWords } from '../../kernel/device_names.ts';

/** From where an identity has signed in before: what kind of browser and system, in which wide neighbourhood of addresses. */
export type KnownDevice = {
  readonly tenantId: string;
  readonly identityId: string;
  /** Of all that tells it from others, its identity among it. */
  readonly digest: string;
  readonly browser: string;
  readonly platform: string;
  /** The first 16 bits of an IPv4 address, 32 of an IPv6 address; empty where the address is not known. */
  readonly place: string;
  readonly firstSeenAt: Instant;
  readonly lastSeenAt: Instant;
};

/** One that was not seen for so long is new again. */
export const KNOWN_DEVICE_RETENTION: Span = 180 * DAY;

/** So many of one identity are kept, those that were seen last (spec ACC-11). */
export const MAX_KNOWN_DEVICES = 50;

/**
 * What a device seems to be. Versions rise and addresses change, so neither counts in full: what is left is as much as a thief elsewhere is unlikely to
 * share. Undefined where no browser, system or program names itself.
 */
export function describeDevice(
  identityId: string,
  userAgent: string,
  ipAddress: string,
): Pick<KnownDevice, 'digest' | 'browser' | 'platform' | 'place'> | undefined {
  const { browser, system: platform } = deviceWords(userAgent);
  if (browser === '' && platform === '') return undefined;
  const place = addressPrefix(ipAddress, 16, 32) ?? '';
  const digest = createHash('sha256')
    .update(JSON.stringify([identityId, browser, platform, place]))
    .digest('hex');
  return { digest, browser, platform, place };
}
