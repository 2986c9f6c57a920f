import { html } from 'hono/html';
import type { Language } from '../../kernel/language.ts';
import type { Texts } from '../texts/en.ts';

/** HTML text whose values are escaped. */
export type Html = ReturnType<typeof html>;

export type LanguageLink = { readonly language: Language; readonly name: string; readonly href: string };

/** How a tenant's pages look and where they link to; what is undefined or empty is as it comes. */
export type BrandView = {
  readonly name: string;
  readonly logoUrl: string | undefined;
  readonly styleUrl: string | undefined;
  readonly links: Readonly<Record<'terms' | 'privacy' | 'support', string>>;
};

/** What stands around each page. */
export type Layout = {
  readonly t: Texts;
  readonly title: string;
  readonly brand: BrandView;
  readonly styleUrl: string;
  readonly iconUrl: string;
  readonly body: Html;
  /** The scripts that the page needs, and what it says of them. */
  readonly scripts: readonly { readonly url: string; readonly nonce: string }[];
  readonly scriptWords: string;
  /** The same page in each language; none where it cannot be had by a link. */
  readonly languages: readonly LanguageLink[];
};

export function layout({ t, title, brand, styleUrl, iconUrl, body, scripts, scriptWords, languages }: Layout): Html {
  return html`<!doctype html>
<html lang="${t.language}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="robots" content="noindex">
    <title>${title} · ${brand.name}</title>
    ${brand.logoUrl === undefined ? html`<link rel="icon" href="${iconUrl}" type="image/svg+xml">` : html`<link rel="icon" href="${brand.logoUrl}">`}
    <link rel="stylesheet" href="${styleUrl}">
    ${brand.styleUrl === undefined ? '' : html`<link rel="stylesheet" href="${brand.styleUrl}">`}
    ${scripts.map(({ url, nonce }) => html`<script src="${url}" nonce="${nonce}" defer></script>`)}
  </head>
  <body>
    <div class="stage">
      <main class="card">
        <p class="brand">${brand.logoUrl === undefined ? html`${mark()}<span>${brand.name}</span>` : html`<img class="logo" src="${brand.logoUrl}" alt="${brand.name}">`}</p>
        ${body}
      </main>
      <footer class="foot">
        ${languages.length === 0 ? '' : picker(t, languages)}
        ${legal(t, brand)}
        <p>${t.frame.secured} ${scriptWords}</p>
      </footer>
    </div>
  </body>
</html>
`;
}

function picker(t: Texts, languages: readonly LanguageLink[]): Html {
  const item = ({ language, name, href }: LanguageLink) =>
    html`<li><a href="${href}" lang="${language}" hreflang="${language}"${language === t.language ? html` aria-current="true"` : ''}>${name}</a></li>`;
  return html`<nav aria-label="${t.frame.languages}"><ul class="languages">${languages.map(item)}</ul></nav>`;
}

function legal({ frame }: Texts, { links }: BrandView): Html | string {
  const shown = (['terms', 'privacy', 'support'] as const).filter((kind) => links[kind] !== '');
  if (shown.length === 0) return '';
  return html`<ul class="legal">${shown.map((kind) => html`<li><a href="${links[kind]}" rel="noreferrer">${frame[kind]}</a></li>`)}</ul>`;
}

function mark(): Html {
  return html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
          <path class="mark-back" d="M16 2 28 8.5 16 15 4 8.5Z"/>
          <path class="mark-mid" d="M4 14.5 16 21 28 14.5"/>
          <path class="mark-low" d="M4 20.5 16 27 28 20.5"/>
        </svg>`;
}
