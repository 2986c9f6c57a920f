import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Mustache from 'mustache';
import type { MailView, OwnMail, OwnMails, Template } from '../features/mail/templates.ts';
import { LANGUAGES, type Language } from '../kernel/language.ts';

/** The folder of what is for every tenant that has none of its own. No tenant has this id. */
const ALL = '_all';
const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** Bounds of a folder: the largest file in bytes, the longest subject in characters, and how many files there may be. */
export const MAX_TEMPLATE = 65_536;
export const MAX_SUBJECT = 200;
export const MAX_TEMPLATES = 10_000;

const DEVICE = ['browser', 'system', 'address', 'place', 'when'];
const CODE = ['code', 'link', 'minutes'];
const FACTOR = [...DEVICE, 'totp', 'passkey'];
/** The values of each mail, beside `site` and `support_url` of all. */
const VALUES: Readonly<Record<Template, readonly string[]>> = {
  password_changed: DEVICE,
  identifier_changed: DEVICE,
  factor_added: FACTOR,
  factor_removed: FACTOR,
  recovery_codes_made: DEVICE,
  account_linked: [...DEVICE, 'provider'],
  account_unlinked: [...DEVICE, 'provider'],
  new_device: DEVICE,
  sign_in_attempts: [...DEVICE, 'throttled', 'second_factor'],
  sign_in_code: CODE,
  reset_password: CODE,
  verify_email: CODE,
  invitation: ['organisation', 'inviter', 'link', 'hours', 'days'],
};
/** Without these a mail is of no use. */
const NEEDED: Partial<Record<Template, readonly string[]>> = {
  sign_in_code: ['code'],
  reset_password: ['code', 'link'],
  verify_email: ['code', 'link'],
  invitation: ['link'],
};

const isTemplate = (name: string): name is Template => Object.hasOwn(VALUES, name);
const isLanguage = (name: string): name is Language => LANGUAGES.some((language) => language === name);

/**
 * The operator's words for mails: `TENANT/LANGUAGE/MAIL.txt`, whose first line is `Subject: …`, and perhaps `MAIL.html` beside it, both in Mustache.
 * `_all` stands for every tenant without a file of its own. Throws on whatever is wrong with the folder, by the path.
 */
export function openOwnMails(folder: string): OwnMails {
  const found = new Map<string, OwnMail>();
  let files = 0;
  const refuse = (path: string, why: string): never => {
    throw new Error(`TRUST_MAIL_TEMPLATES: ${join(folder, path)} ${why}.`);
  };
  const list = (path: string, kind: 'folder' | 'file'): readonly string[] => {
    try {
      return readdirSync(join(folder, path), { withFileTypes: true })
        .filter(({ name }) => !name.startsWith('.') && name !== 'README.md')
        .map((entry) => {
          const fits = kind === 'folder' ? entry.isDirectory() : entry.isFile();
          return fits ? entry.name : refuse(join(path, entry.name), `must be a ${kind}`);
        });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      return refuse(path, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  };
  const read = (path: string, template: Template): string => {
    files += 1;
    if (files > MAX_TEMPLATES) refuse(path, `is one more than the ${MAX_TEMPLATES} files that there may be`);
    if (statSync(join(folder, path)).size > MAX_TEMPLATE) refuse(path, `must be at most ${MAX_TEMPLATE} bytes`);
    const text = readFileSync(join(folder, path), 'utf8').replaceAll('\r\n', '\n');
    const wrong = faultOf(text, template);
    if (wrong !== undefined) refuse(path, wrong);
    return text;
  };

  for (const tenant of list('', 'folder')) {
    if (tenant !== ALL && !TENANT.test(tenant)) refuse(tenant, `must be the id of a tenant, or ${ALL}`);
    for (const language of list(tenant, 'folder')) {
      const path = join(tenant, language);
      if (!isLanguage(language)) refuse(path, `must be one of ${LANGUAGES.join(', ')}`);
      const names = list(path, 'file');
      for (const name of names) {
        const [, template = '', kind] = /^(.*)\.(txt|html)$/.exec(name) ?? [];
        if (!isTemplate(template))
          return refuse(join(path, name), `must be a mail and .txt or .html: ${Object.keys(VALUES).join(', ')}`);
        if (kind === 'html') {
          if (!names.includes(`${template}.txt`)) refuse(join(path, name), `needs ${template}.txt beside it`);
          continue;
        }
        const [, subject = '', text = ''] = /^Subject: (.+)\n\n([\s\S]+)$/.exec(read(join(path, name), template)) ?? [];
        if (subject === '' || subject.length > MAX_SUBJECT)
          refuse(
            join(path, name),
            `must begin with a line "Subject: …" of at most ${MAX_SUBJECT} characters, an empty line, and then the text`,
          );
        const html = names.includes(`${template}.html`) ? read(join(path, `${template}.html`), template) : undefined;
        found.set(join(path, template), ownMail({ subject, text, html }));
      }
    }
  }
  return (tenantId, template, language) =>
    found.get(join(tenantId, language, template)) ?? found.get(join(ALL, language, template));
}

const plain = { escape: (text: string) => text };

function ownMail(words: {
  readonly subject: string;
  readonly text: string;
  readonly html: string | undefined;
}): OwnMail {
  return (view: MailView) => ({
    subject: Mustache.render(words.subject, view, {}, plain).replaceAll(/\s+/g, ' ').trim(),
    text: Mustache.render(words.text, view, {}, plain),
    html: words.html === undefined ? undefined : Mustache.render(words.html, view),
  });
}

/** What is wrong with a template; undefined if nothing is. */
function faultOf(text: string, template: Template): string | undefined {
  let tokens: readonly Token[];
  try {
    tokens = Mustache.parse(text) as unknown as readonly Token[];
  } catch (error) {
    return `is no Mustache template (${(error as Error).message})`;
  }
  const known = ['site', 'support_url', ...VALUES[template]];
  const named = namesIn(tokens);
  const unknown = named.find(({ kind, name }) => !['name', '#', '^'].includes(kind) || !known.includes(name));
  if (unknown !== undefined) {
    const why = ['name', '#', '^'].includes(unknown.kind) ? 'is no value of this mail' : 'is not for mails';
    return `holds {{${unknown.kind === 'name' ? '' : unknown.kind}${unknown.name}}}, which ${why}; there are ${known.join(', ')}`;
  }
  const missing = NEEDED[template]?.find((need) => !named.some(({ kind, name }) => kind === 'name' && name === need));
  return missing === undefined ? undefined : `must hold {{${missing}}}: without it the mail is of no use`;
}

/** As Mustache has them: what it is, its text, where it stands, and what a section holds. */
type Token = readonly [kind: string, text: string, from: number, to: number, inside?: readonly Token[] | unknown];
type Named = { readonly kind: string; readonly name: string };

const namesIn = (tokens: readonly Token[]): readonly Named[] =>
  tokens.flatMap(([kind, name, , , inside]) => {
    if (kind === 'text' || kind === '!') return [];
    return [{ kind, name }, ...(Array.isArray(inside) ? namesIn(inside as readonly Token[]) : [])];
  });
