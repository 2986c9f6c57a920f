import { html } from 'hono/html';
import { emblem } from './icon.ts';
import type { Html } from './layout.ts';

export type ErrorView = {
  readonly title: string;
  readonly message: string;
  /** For the one who keeps the server: what to look for. */
  readonly detail?: string | undefined;
  readonly link?: { readonly href: string; readonly label: string } | undefined;
};

export function errorView({ title, message, detail, link }: ErrorView): Html {
  return html`${emblem('alert')}
        <h1>${title}</h1>
        <p class="text">${message}</p>
        ${detail === undefined ? '' : html`<p class="detail">${detail}</p>`}
        ${link === undefined ? '' : html`<p class="other"><a class="button" href="${link.href}">${link.label}</a></p>`}`;
}
