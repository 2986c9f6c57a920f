import { type Clock, DAY } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { type AuditEvent, auditEvent } from '../audit/audit.ts';
import type { Identity } from '../identity/identity.ts';
import type { Mail } from '../mail/mail.ts';
import type { MailWriter } from '../mail/write_mail.ts';
import { describeDevice, MAX_KNOWN_DEVICES } from './known_device.ts';
import type { KnownDeviceStore } from './store.ts';

/** What a sign-in leaves beside its session: for its trail, and once it is there. */
export type Noticed = {
  readonly events: readonly AuditEvent[];
  readonly mails: readonly Mail[];
  /** Remembers the device. To be called after the session was written: what fails in between is told once more, not never. */
  readonly keep: () => Promise<void>;
};

/** Whether a sign-in comes from a device that its identity has not used before (spec ACC-11). */
export type NoticeDevice = (
  identity: Identity,
  actor: string,
  device: { readonly userAgent: string; readonly ipAddress: string },
) => Promise<Noticed>;

export const NOTHING_NOTICED: Noticed = { events: [], mails: [], keep: async () => {} };

/** A device that was seen so lately is not worth a write. */
const SEEN_LATELY = DAY;

/** The first device of an identity is no news: there is nothing that it differs from. */
export function noticeDevice(deps: {
  readonly knownDevices: Pick<KnownDeviceStore, 'find' | 'keep'>;
  readonly mails: Pick<MailWriter, 'notices'>;
  readonly clock: Clock;
  readonly newId: NewId;
}): NoticeDevice {
  return async (identity, actor, { userAgent, ipAddress }) => {
    const described = describeDevice(identity.id, userAgent, ipAddress);
    if (described === undefined) return NOTHING_NOTICED;
    const { tenantId, id: identityId } = identity;
    const { lastSeenAt, count } = await deps.knownDevices.find(tenantId, identityId, described.digest);
    const now = deps.clock();
    if (lastSeenAt !== undefined && now - lastSeenAt < SEEN_LATELY) return NOTHING_NOTICED;
    const row = { ...described, tenantId, identityId, firstSeenAt: now, lastSeenAt: now };
    const keep = () => deps.knownDevices.keep(row, MAX_KNOWN_DEVICES);
    if (lastSeenAt !== undefined || count === 0) return { ...NOTHING_NOTICED, keep };
    const { browser, platform } = described;
    const facts = { device: [browser, platform].filter((name) => name !== '').join(' ') };
    const about = { identityId, subject: identityId, facts };
    const event = auditEvent({ tenantId, name: actor }, now, deps.newId, 'device.new', about);
    const mails = await deps.mails.notices(identity, 'new_device', {
      browser,
      system: platform,
      address: ipAddress,
      at: now,
    });
    return { events: [event], mails, keep };
  };
}
