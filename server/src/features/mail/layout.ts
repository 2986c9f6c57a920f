import type { Instant } from '../../kernel/clock.ts';
import type { Language } from '../../kernel/language.ts';
import { palette } from '../../kernel/palette.ts';

/** What a mail says. Everything is plain text; the layouts escape it. */
export type Words = {
  readonly subject: string;
  /** Paragraphs in front of code and button. */
  readonly lead: readonly string[];
  readonly code?: string;
  readonly button?: { readonly label: string; readonly url: string };
  readonly after?: readonly string[];
};

/** How the mails of a tenant look: as its pages do. Empty: as they come. */
export type MailLooks = { readonly accentColor: string; readonly supportUrl: string };

/** The last line, and what its link to help is called. */
type Frame = { readonly foot: string; readonly help: string };

/** That of the pages. */
const STANDARD_ACCENT = '#0f766e';

/** An instant as people of a language write it. */
export const moment = (at: Instant, language: Language): string =>
  `${new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(at)} UTC`;

/** A button, where it has a place to lead to. */
export const button = (label: string, url: string | undefined): Pick<Words, 'button'> =>
  url === undefined ? {} : { button: { label, url } };

/** The mail for readers of plain text. */
export function layoutText(
  { lead, code, button, after = [] }: Words,
  { foot, help, supportUrl }: Frame & { readonly supportUrl: string },
): string {
  const parts = [
    ...lead,
    ...(code === undefined ? [] : [`    ${code}`]),
    ...(button === undefined ? [] : [`${button.label}:\n${button.url}`]),
    ...after,
    `-- \n${foot}${supportUrl === '' ? '' : `\n${help}: ${supportUrl.replace(/^mailto:/, '')}`}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const P = 'margin:0 0 16px;font-size:16px;line-height:1.5';
const paragraph = (text: string) => `<p style="${P}">${escaped(text)}</p>`;

/** The mail as HTML: styles in place, since mail readers drop style sheets; no picture and nothing that is loaded. */
export function layoutHtml(
  { subject, lead, code, button, after = [] }: Words,
  {
    language,
    name,
    foot,
    help,
    looks,
  }: Frame & { readonly language: string; readonly name: string; readonly looks: MailLooks },
): string {
  const { accent, onAccent } = palette(looks.accentColor || STANDARD_ACCENT, 'light');
  const codeBox =
    code === undefined
      ? ''
      : `<p style="margin:0 0 16px;padding:16px;border:1px solid #8888;border-radius:8px;text-align:center;font:600 28px/1.2 ui-monospace,Menlo,Consolas,monospace;letter-spacing:6px">${escaped(code)}</p>`;
  const link =
    button === undefined
      ? ''
      : `<p style="margin:0 0 16px"><a href="${escaped(button.url)}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:${accent};color:${onAccent};font-size:16px;text-decoration:none">${escaped(button.label)}</a></p>`;
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${escaped(subject)}</title></head>
<body style="margin:0;padding:24px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif">
<div style="max-width:480px;margin:0 auto">
<p style="margin:0 0 24px;font-size:16px;font-weight:600">${escaped(name)}</p>
${lead.map(paragraph).join('\n')}
${codeBox}${link}
${after.map(paragraph).join('\n')}
<p style="margin:32px 0 0;font-size:13px;opacity:.7">${escaped(foot)}${looks.supportUrl === '' ? '' : ` <a href="${escaped(looks.supportUrl)}" style="color:inherit">${escaped(help)}</a>`}</p>
</div>
</body>
</html>
`;
}
