import type { Clock, Span } from '../../kernel/clock.ts';
import { deviceWords } from '../../kernel/device_names.ts';
import type { NewId } from '../../kernel/ids.ts';
import { type Language, pickLanguage } from '../../kernel/language.ts';
import type { PlaceName } from '../../kernel/place_name.ts';
import type { Sealer } from '../../kernel/sealer.ts';
import type { Act, Place } from '../cascade/cascade.ts';
import { canonicalIdentifier, type Identity } from '../identity/identity.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { Mail, MailContent } from './mail.ts';
import { noticesOf } from './notices.ts';
import { type ChangedValues, type MailValues, type OwnMails, render, type Template } from './templates.ts';

/** Seals and opens the content of mails. */
export type MailSeal = {
  seal(content: MailContent, tenantId: string, id: string): string;
  /** Throws if it was sealed under another master key, or for another mail. */
  open(mail: Pick<Mail, 'tenantId' | 'id' | 'sealed'>): MailContent;
};

export const mailSeal = (sealer: Sealer): MailSeal => ({
  seal: (content, tenantId, id) => sealer.seal(Buffer.from(JSON.stringify(content)), [tenantId, id]),
  open: ({ tenantId, id, sealed }) => JSON.parse(sealer.open(sealed, [tenantId, id]).toString('utf8')),
});

/** Writes mails, to be put into the trail of the act that they tell of. Sends nothing. */
export type MailWriter = {
  /** Whether this server has a place to send mails to. */
  readonly enabled: boolean;
  /** `to`: undefined writes a mail to nobody, which is the same work and is never sent. `lifetime`: how long it is worth sending. */
  write<T extends Template>(input: {
    readonly tenantId: string;
    readonly to: string | undefined;
    readonly template: T;
    readonly values: MailValues[T];
    readonly language: Language;
    readonly lifetime: Span;
  }): Promise<Mail>;
  /** One mail to each verified address of the identity, in its language; none where mail is not configured. */
  notices<T extends Template>(identity: Identity, template: T, values: MailValues[T]): Promise<readonly Mail[]>;
  /** The notices of acts on an identity that are told to its owner (spec MAIL-6). */
  tell(
    identity: Identity,
    acts: readonly Act[],
    about?: ChangedValues & { readonly place?: Place | undefined },
  ): Promise<readonly Mail[]>;
};

/** A notice that could not be sent for three days is old news. */
export const NOTICE_LIFETIME: Span = 3 * 86_400_000;

/** In which language a person is written to. */
export const languageOf = (identity: Pick<Identity, 'metadata'> | undefined): Language =>
  pickLanguage([identity?.metadata.language ?? '']) ?? 'en';

export function mailWriter(deps: {
  readonly enabled: boolean;
  readonly seal: MailSeal;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly placeName: PlaceName;
  /** The words of the operator; ours where there are none. */
  readonly ownMails?: OwnMails | undefined;
}): MailWriter {
  const write: MailWriter['write'] = async ({ tenantId, to, template, values, language, lifetime }) => {
    // Whatever brought the address here: one recipient, and nothing that a header could be broken with (spec MAIL-5).
    if (to !== undefined && canonicalIdentifier('email', to) !== to)
      throw new TypeError('a mail goes to one canonical address');
    const { displayName, branding } = await deps.settings(tenantId);
    const { accentColor, supportUrl } = branding;
    const now = deps.clock();
    const id = deps.newId('mai');
    const told = 'address' in values ? { ...values, place: deps.placeName(values.address, language) } : values;
    const own = deps.ownMails?.(tenantId, template, language);
    const content = {
      template,
      to: to ?? '',
      fromName: displayName,
      ...render(template, told, language, { name: displayName, accentColor, supportUrl }, own),
    };
    return { tenantId, id, sealed: deps.seal.seal(content, tenantId, id), createdAt: now, expiresAt: now + lifetime };
  };
  const notices: MailWriter['notices'] = async (identity, template, values) => {
    if (!deps.enabled) return [];
    const { tenantId, identifiers } = identity;
    const language = languageOf(identity);
    const to = identifiers.flatMap(({ type, value, verified }) => (type === 'email' && verified ? [value] : []));
    const mails = to.map((address) =>
      write({ tenantId, to: address, template, values, language, lifetime: NOTICE_LIFETIME }),
    );
    return Promise.all(mails);
  };
  return {
    enabled: deps.enabled,
    write,
    notices,
    async tell(identity, acts, { place, ...changed } = {}) {
      const { userAgent = '', ipAddress: address = '' } = place ?? {};
      const values = { ...changed, ...deviceWords(userAgent), address, at: deps.clock() };
      const mails = noticesOf(acts).map((template) => notices(identity, template, values));
      return (await Promise.all(mails)).flat();
    },
  };
}
