import type { Instant } from '../../kernel/clock.ts';
import type { Language } from '../../kernel/language.ts';
import { layoutHtml, layoutText, type MailLooks, moment, type Words } from './layout.ts';
import { de } from './words/de.ts';
import { en } from './words/en.ts';
import { fr } from './words/fr.ts';

/** When, and from where. */
export type DeviceValues = {
  /** Names, or nothing. */
  readonly browser: string;
  readonly system: string;
  readonly address: string;
  /** Where the address seems to be, in words; put in as the mail is written. */
  readonly place?: string | undefined;
  readonly at: Instant;
};
/** What kind of factor was changed, or which account elsewhere. */
export type ChangedValues = {
  readonly factor?: 'totp' | 'passkey' | undefined;
  readonly provider?: string | undefined;
};
type ChangeValues = DeviceValues & ChangedValues;
type CodeValues = { readonly code: string; readonly link: string | undefined; readonly minutes: number };

/** What each kind of mail is told. */
export type MailValues = {
  readonly password_changed: ChangeValues;
  /** A name or an address of an account was added, changed or taken away. */
  readonly identifier_changed: ChangeValues;
  readonly factor_added: ChangeValues;
  readonly factor_removed: ChangeValues;
  readonly recovery_codes_made: ChangeValues;
  readonly account_linked: ChangeValues;
  readonly account_unlinked: ChangeValues;
  /** Somebody signed in from a device that the account did not know. */
  readonly new_device: DeviceValues;
  /** Somebody tries to sign in again and again, or fails at the second step. */
  readonly sign_in_attempts: DeviceValues & { readonly what: 'throttled' | 'second_factor' };
  readonly sign_in_code: CodeValues;
  readonly reset_password: CodeValues;
  readonly verify_email: CodeValues;
  /** `inviter` may be empty; the link works for `count` hours or days. */
  readonly invitation: {
    readonly organisation: string;
    readonly inviter: string;
    readonly link: string;
    readonly count: number;
    readonly unit: 'hours' | 'days';
  };
};

export type Template = keyof MailValues;

/** The words of every mail in one language. `name` is that of the tenant. */
export type Dictionary = { readonly [T in Template]: (values: MailValues[T], name: string) => Words } & {
  /** The last line of each mail. */
  readonly sentBy: (name: string) => string;
  /** What the tenant's link to help is called. */
  readonly help: string;
};

const DICTIONARIES: Readonly<Record<Language, Dictionary>> = { en, de, fr };

/** The values of a mail as text, by the names that an operator's words use; empty where one does not apply. */
export type MailView = Readonly<Record<string, string>>;

/** Words of the operator for a mail. Without HTML it has the standard looks. */
export type OwnMail = (view: MailView) => {
  readonly subject: string;
  readonly text: string;
  readonly html: string | undefined;
};

/** The operator's words for a mail of a tenant in a language; undefined where there are none. */
export type OwnMails = (tenantId: string, template: Template, language: Language) => OwnMail | undefined;

type AnyValues = Partial<CodeValues & ChangeValues & MailValues['sign_in_attempts'] & MailValues['invitation']>;

function viewOf(
  values: AnyValues,
  language: Language,
  { name, supportUrl }: MailLooks & { readonly name: string },
): MailView {
  const { at, count = 0, unit, what, factor, ...texts } = values;
  const yes = (is: boolean) => (is ? 'yes' : '');
  return {
    site: name,
    support_url: supportUrl,
    ...Object.fromEntries(Object.entries(texts).map(([key, value]) => [key, String(value ?? '')])),
    when: at === undefined ? '' : moment(at, language),
    hours: unit === 'hours' ? String(count) : '',
    days: unit === 'days' ? String(count) : '',
    throttled: yes(what === 'throttled'),
    second_factor: yes(what === 'second_factor'),
    totp: yes(factor === 'totp'),
    passkey: yes(factor === 'passkey'),
  };
}

/** Subject, text and HTML of a mail: in the words of the operator, or in ours. */
export function render<T extends Template>(
  template: T,
  values: MailValues[T],
  language: Language,
  { name, ...looks }: MailLooks & { readonly name: string },
  own?: OwnMail,
) {
  const dictionary = DICTIONARIES[language];
  const words = (dictionary[template] as (values: MailValues[T], name: string) => Words)(values, name);
  const frame = { foot: dictionary.sentBy(name), help: dictionary.help };
  if (own !== undefined) {
    const { subject, text, html } = own(viewOf(values as AnyValues, language, { name, ...looks }));
    const lead = text.trim().split(/\n{2,}/);
    return { subject, text, html: html ?? layoutHtml({ subject, lead }, { ...frame, language, name, looks }) };
  }
  return {
    subject: words.subject,
    text: layoutText(words, { ...frame, ...looks }),
    html: layoutHtml(words, { ...frame, language, name, looks }),
  };
}
