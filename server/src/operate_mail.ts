import type { MailPreview } from './cli/actions.ts';
import type { Config } from './config/config.ts';
import { type MailValues, render, type Template } from './features/mail/templates.ts';
import { LANGUAGES } from './kernel/language.ts';
import { openOwnMails } from './mail/own_mails.ts';

const AT = Date.UTC(2026, 0, 31, 12, 30);
const DEVICE = { browser: 'Firefox', system: 'Linux', address: '203.0.113.7', place: 'Vienna, Austria', at: AT };
const LINK = 'https://login.example.com/mail?token=tl_example';
const CODE = { code: '1234 5678', link: LINK, minutes: 15 };

/** What a mail could be about. */
const EXAMPLES: MailValues = {
  verify_email: CODE,
  sign_in_code: CODE,
  reset_password: CODE,
  invitation: { organisation: 'Acme', inviter: 'Ada', link: LINK, count: 7, unit: 'days' },
  password_changed: DEVICE,
  identifier_changed: DEVICE,
  factor_added: { ...DEVICE, factor: 'passkey' },
  factor_removed: { ...DEVICE, factor: 'totp' },
  recovery_codes_made: DEVICE,
  account_linked: { ...DEVICE, provider: 'Example' },
  account_unlinked: { ...DEVICE, provider: 'Example' },
  new_device: DEVICE,
  sign_in_attempts: { ...DEVICE, what: 'throttled' },
};

/** `trust-layer mail-preview`: mails as they would be sent, of an example. Reads the operator's words anew, and no database. */
export function previewMails(
  { mailTemplates }: Config,
  asked: { readonly tenantId: string; readonly language: string; readonly mail: string | undefined },
): readonly MailPreview[] {
  const language = LANGUAGES.find((one) => one === asked.language);
  if (language === undefined) throw new Error(`--language must be one of ${LANGUAGES.join(', ')}.`);
  const all = Object.keys(EXAMPLES) as Template[];
  const mails = all.filter((name) => asked.mail === undefined || name === asked.mail);
  if (mails.length === 0) throw new Error(`There is no mail ${asked.mail}; there are ${all.join(', ')}.`);
  const ownMails = mailTemplates === undefined ? undefined : openOwnMails(mailTemplates);
  const looks = { name: asked.tenantId, accentColor: '', supportUrl: 'https://example.com/help' };
  return mails.map((mail) => {
    const own = ownMails?.(asked.tenantId, mail, language);
    return { mail, own: own !== undefined, ...render(mail, EXAMPLES[mail], language, looks, own) };
  });
}
