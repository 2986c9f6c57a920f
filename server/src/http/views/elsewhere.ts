import { html } from 'hono/html';
import type { LinkedAccount } from '../../features/oauth/oauth.ts';
import type { Texts } from '../texts/en.ts';
import { type FormPage, hiddenFields, pageLink } from './form.ts';
import { emblem } from './icon.ts';
import type { Html } from './layout.ts';

/** A provider as its button shows it. */
/** `tenants`: ids of those to whose people it is offered. */
export type ProviderButton = { readonly name: string; readonly label: string; readonly tenants: readonly string[] };

type Page = Omit<FormPage, 'fault'>;

const button = ({ name, label }: ProviderButton, words: string): Html =>
  html`<button type="submit" name="provider" value="${name}" class="quiet provider"><span class="monogram" aria-hidden="true">${[...label][0] ?? ''}</span>${words}</button>`;

/** Buttons that lead to the providers, behind whatever else there is; nothing where there are none. */
export function elsewhere(page: Page & { readonly providers: readonly ProviderButton[] }, hold = false): Html | string {
  if (page.providers.length === 0) return '';
  return html`<form method="post" action="/oauth/start" class="providers">
          ${hiddenFields({ ...page, fault: undefined })}
          ${hold ? html`<input type="hidden" name="hold" value="yes">` : ''}
          ${page.providers.map((one) => button(one, page.t.elsewhere.continueWith(one.label)))}
        </form>`;
}

type Leaving = {
  readonly label: string;
  readonly url: string;
  /** Where a person goes who does not want to. */
  readonly back: string;
  readonly waits: boolean;
};

/** What stands between us and the provider: it says where it leads, and can be left. A browser goes on by itself at once, unless it waits for a yes. */
export function leavingView({ elsewhere: t }: Texts, { label, url, back, waits }: Leaving): Html {
  const { host } = new URL(url);
  return html`<h1>${t.leaving(label)}</h1>
        <p class="text">${t.leavingFor(host)}</p>
        ${
          waits
            ? html`<p class="actions"><a class="button" href="${url}">${t.goOn(label)}</a></p>`
            : html`<p class="text">${t.leavingWords} <a href="${url}">${t.leavingLink(label)}</a>.</p>`
        }
        <p class="other"><a href="${back}">${t.stay}</a></p>`;
}

export type ProblemView = Page & {
  readonly title: string;
  readonly message: string;
  readonly next: { readonly href: string; readonly label: string };
  /** The provider by which the person may take an address that nobody has confirmed. */
  readonly claim?: ProviderButton | undefined;
};

/** Why a sign-in elsewhere did not end in one here, and what to do. */
export function problemView(view: ProblemView): Html {
  const t = view.t.elsewhere;
  return html`${emblem('alert')}
        <h1>${view.title}</h1>
        <p class="text" role="alert">${view.message}</p>
        <p class="actions"><a class="button" href="${view.next.href}">${view.next.label}</a></p>
        ${
          view.claim === undefined
            ? ''
            : html`<p class="or"><span>${t.or}</span></p>
        <p class="text">${t.claimWords}</p>
        <form method="post" action="/oauth/start">
          ${hiddenFields({ ...view, fault: undefined })}
          <input type="hidden" name="purpose" value="claim">
          <button type="submit" name="provider" value="${view.claim.name}" class="quiet">${t.claim(view.claim.label)}</button>
        </form>`
        }`;
}

export type AccountsView = Page & {
  readonly accounts: readonly LinkedAccount[];
  readonly providers: readonly ProviderButton[];
};

/** The accounts of a person elsewhere, and buttons to connect and disconnect them. */
export function accountsView(view: AccountsView): Html | string {
  const { accounts, providers } = view;
  const t = view.t.elsewhere;
  const day = new Intl.DateTimeFormat(view.t.language, { dateStyle: 'long', timeZone: 'UTC' });
  if (accounts.length === 0 && providers.length === 0) return '';
  const labelOf = (name: string) => providers.find((one) => one.name === name)?.label ?? name;
  const free = providers.filter(({ name }) => !accounts.some(({ provider }) => provider === name));
  const row = ({ id, provider, email, createdAt }: LinkedAccount) => html`<li>
            <span><strong>${labelOf(provider)}</strong>
              <small>${email === '' ? '' : `${email} · `}${t.since(day.format(createdAt))}</small></span>
            <form method="post" action="/oauth/unlink" class="inline">${hiddenFields({ ...view, fault: undefined })}
              <input type="hidden" name="account" value="${id}"><button type="submit" class="quiet" aria-label="${t.disconnectNamed(labelOf(provider))}">${t.disconnect}</button></form>
          </li>`;
  return html`<h2>${t.accounts}</h2>
        ${accounts.length === 0 ? '' : html`<ul class="factors">${accounts.map(row)}</ul>`}
        ${
          free.length === 0
            ? ''
            : html`<form method="post" action="/oauth/start" class="providers">
          ${hiddenFields({ ...view, fault: undefined })}
          <input type="hidden" name="purpose" value="link">
          ${free.map((one) => button(one, t.connect(one.label)))}
        </form>`
        }`;
}

export const backToSignIn = ({ t, request }: Page) => ({
  href: pageLink('/sign-in', request),
  label: t.elsewhere.signInAnotherWay,
});
export const backToSecurity = ({ t, request }: Page) => ({
  href: pageLink('/second-step', request),
  label: t.elsewhere.back,
});
