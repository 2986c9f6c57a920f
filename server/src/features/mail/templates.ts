import type { Instant } from '../../kernel/clock.ts';
import type { Language } from '../../kernel/language.ts';
import { layoutHtml, layoutText, type MailLooks, type Words } from './layout.ts';
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

/** Subject, text and HTML of a mail. */
export function render<T extends Template>(
  template: T,
  values: MailValues[T],
  language: Language,
  { name, ...looks }: MailLooks & { readonly name: string },
) {
  const dictionary = DICTIONARIES[language];
  const words = (dictionary[template] as (values: MailValues[T], name: string) => Words)(values, name);
  const frame = { foot: dictionary.sentBy(name), help: dictionary.help };
  return {
    subject: words.subject,
    text: layoutText(words, { ...frame, ...looks }),
    html: layoutHtml(words, { ...frame, language, name, looks }),
  };
}
