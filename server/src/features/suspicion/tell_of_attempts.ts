import { type Clock, DAY, HOUR } from '../../kernel/clock.ts';
import { deviceWords } from '../../kernel/device_names.ts';
import type { NewId } from '../../kernel/ids.ts';
import { auditEvent } from '../audit/audit.ts';
import type { Place } from '../cascade/cascade.ts';
import type { Trail } from '../change/change.ts';
import type { Identity } from '../identity/identity.ts';
import { languageOf, type MailWriter, NOTICE_LIFETIME } from '../mail/write_mail.ts';
import type { Seldom } from '../rate_limit/limit_attempts.ts';
import type { RateLimit } from '../rate_limit/rate_limit.ts';

/** Sign-in to an account that is held up by its limit; or a first proof that was right, with a second factor that was not. */
export type Suspicion = 'throttled' | 'second_factor';

/** So much of it happens to everybody. */
const QUIET: Readonly<Record<Suspicion, RateLimit | undefined>> = {
  throttled: undefined,
  second_factor: { burst: 2, perHour: 1 },
};

/** For each name, and for each owner, of each kind at most once in a day (spec MAIL-17). */
const TOLD: RateLimit = { burst: 1, perHour: HOUR / DAY };

/**
 * Tells the owner of an account of attempts that are not theirs. `account` is whatever stands for it where there is none: then the same work is done, down to a
 * mail to nobody.
 */
export type TellOfAttempts = (attempts: {
  readonly what: Suspicion;
  readonly tenantId: string;
  /** Name of the actor in the audit trail. */
  readonly actor: string;
  readonly account: string;
  readonly identity: Identity | undefined;
  readonly place: Place;
}) => Promise<void>;

export function tellOfAttempts(deps: {
  readonly seldom: Seldom;
  readonly mails: Pick<MailWriter, 'enabled' | 'write'>;
  readonly queueMails: (trail: Trail) => Promise<void>;
  readonly clock: Clock;
  readonly newId: NewId;
}): TellOfAttempts {
  return async ({ what, tenantId, actor, account, identity, place }) => {
    const quiet = QUIET[what];
    if (quiet !== undefined && (await deps.seldom(tenantId, `quiet ${what} ${account}`, quiet))) return;
    if (!(await deps.seldom(tenantId, `told ${what} ${account}`, TOLD))) return;
    // By another name of it the owner may know already; whoever tries is not to learn that the names are of one account.
    const news = await deps.seldom(tenantId, `told ${what} identity ${identity?.id ?? account}`, TOLD);
    const at = deps.clock();
    const identityId = identity?.id ?? '';
    const about = { identityId, subject: identityId, facts: { what } };
    const events = [auditEvent({ tenantId, name: actor }, at, deps.newId, 'sign_in.suspicious', about)];
    // One mail, however many addresses: how long it takes tells nothing.
    const to =
      news && identity?.active
        ? identity.identifiers.find(({ type, verified }) => type === 'email' && verified)?.value
        : undefined;
    const mail = await deps.mails.write({
      tenantId,
      to,
      template: 'sign_in_attempts',
      values: { what, ...deviceWords(place.userAgent), address: place.ipAddress, at },
      language: languageOf(identity),
      lifetime: NOTICE_LIFETIME,
    });
    await deps.queueMails({ changes: [], events, mails: deps.mails.enabled ? [mail] : [] });
  };
}
