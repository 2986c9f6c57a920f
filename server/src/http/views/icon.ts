import { html } from 'hono/html';
import type { Html } from './layout.ts';

/** Drawings beside words, which say the same: nothing reads them aloud. */
const PATHS = {
  passkey: html`<circle cx="9" cy="8" r="4"/><path d="M3 20c0-3.3 2.7-6 6-6 1 0 2 .3 2.9.7"/><circle cx="17" cy="13.5" r="2.5"/><path d="M17 16v6m0-2h2"/>`,
  alert: html`<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5m0 3.25v.01"/>`,
  done: html`<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
  mail: html`<rect x="3" y="5" width="18" height="14" rx="2.5"/><path d="m4 7.5 8 6 8-6"/>`,
  app: html`<rect x="6.5" y="2.5" width="11" height="19" rx="2.5"/><path d="M10 18.5h4"/>`,
  screen: html`<rect x="2.5" y="4" width="19" height="12.5" rx="2"/><path d="M8.5 20.5h7M12 16.5v4"/>`,
};

export function icon(name: keyof typeof PATHS): Html {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${PATHS[name]}</svg>`;
}

/** Stands over the title of a page that tells how something went. */
export function emblem(name: keyof typeof PATHS): Html {
  return html`<span class="emblem">${icon(name)}</span>`;
}
