import { html } from 'hono/html';
import { type FormPage, hiddenFields, pageLink } from './form.ts';
import type { Html } from './layout.ts';

const TABS = {
  account: '/account',
  security: '/second-step',
  sessions: '/account/sessions',
  activity: '/account/activity',
} as const;

/** Ends the sign-in that the account pages are open to. */
export const signOutForm = (view: FormPage): Html =>
  html`<form method="post" action="/account/sign-out" class="inline sign-out">${hiddenFields(view)}<button type="submit" class="quiet">${view.t.account.signOutHere}</button></form>`;

/** The head of each page of an account: the way out, and between them. */
export function accountHead(view: FormPage, here: keyof typeof TABS): Html {
  const { t, request } = view;
  const tab = (name: keyof typeof TABS) =>
    html`<li><a href="${pageLink(TABS[name], request)}"${name === here ? html` aria-current="page"` : ''}>${t.account[name]}</a></li>`;
  return html`${signOutForm(view)}
        <nav aria-label="${t.account.account}"><ul class="tabs">${(Object.keys(TABS) as (keyof typeof TABS)[]).map(tab)}</ul></nav>`;
}
