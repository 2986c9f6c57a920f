import { parseAccept } from 'hono/utils/accept';
import { LANGUAGES, type Language, pickLanguage } from '../kernel/language.ts';
import { cookieOf, DEVICE_SECONDS, readCookie } from './cookie.ts';
import { readQuery } from './form.ts';
import type { PageContext } from './routes.ts';
import { de } from './texts/de.ts';
import { en, type Texts } from './texts/en.ts';
import { fr } from './texts/fr.ts';
import type { LanguageLink } from './views/layout.ts';

export const TEXTS: Readonly<Record<Language, Texts>> = { en, de, fr };

/** What each language calls itself. */
const NAMES: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch', fr: 'Français' };

/** The longest header or field that is looked at. */
const MAX_WISH = 512;

/**
 * The texts in the language of the person (spec RED-9): `ui_locales` of the link, which this browser then keeps, else what it kept, else what its
 * `Accept-Language` says, else English.
 */
export function textsFor(publicUrl: string): (context: PageContext) => Texts {
  const cookie = cookieOf(publicUrl, 'trust_language', DEVICE_SECONDS);
  return (context) => {
    const { headers, url = '' } = context.env.incoming;
    const kept = pickLanguage([readCookie(headers.cookie, cookie.name) ?? '']);
    const asked = pickLanguage(wish(readQuery(url)?.ui_locales).split(' '));
    if (asked !== undefined && asked !== kept) context.header('set-cookie', cookie.give(asked), { append: true });
    return TEXTS[asked ?? kept ?? pickLanguage(accepted(headers['accept-language'])) ?? 'en'];
  };
}

const wish = (text: string | undefined) => (text !== undefined && text.length <= MAX_WISH ? text : '');

/** Tags of `Accept-Language`, dearest first, without those that are refused (`q=0`). */
const accepted = (header: string | undefined) =>
  parseAccept(wish(header)).flatMap(({ type, q }) => (q > 0 ? [type] : []));

/** The language itself, and what no page says again: secrets that a link should not have had (P1). */
const LEFT_OUT = /^(ui_locales|session_id|code|code_verifier|password|[a-z_]*token)(=|$)/i;

/** The page in each language. `link` is where an answer to a form is to be had; without it, that answer has none. */
export function languageLinks(context: PageContext, link: string | undefined): readonly LanguageLink[] {
  const { method, url = '' } = context.env.incoming;
  if (method !== 'GET' && link === undefined) return [];
  // A query alone keeps the path, whatever that holds.
  const [, path = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(link ?? url.replace(/^[^?]*/, '')) ?? [];
  const rest = query.split('&').filter((pair) => pair !== '' && !LEFT_OUT.test(pair));
  return LANGUAGES.map((language) => ({
    language,
    name: NAMES[language],
    href: `${path}?${[...rest, `ui_locales=${language}`].join('&')}`,
  }));
}
