import { html } from 'hono/html';
import type { Device, Session } from '../../features/session/session.ts';
import type { SignInRequest } from '../../features/sign_in/sign_in_request.ts';
import { deviceNames } from '../../kernel/device_names.ts';
import type { PlaceName } from '../../kernel/place_name.ts';
import { en, type Texts } from '../texts/en.ts';
import { accountHead } from './account_head.ts';
import { type AddressesView, addressesSection } from './addresses.ts';
import { type FormPage, faultSummary, field, hiddenFields, pageLink } from './form.ts';
import { icon } from './icon.ts';
import type { Html } from './layout.ts';
import { doneView } from './mail.ts';

const doneForm = (view: FormPage) =>
  html`<form method="post" action="/second-step/done">${hiddenFields(view)}<button type="submit">${view.t.secondStep.done}</button></form>`;

export type OverviewView = AddressesView & {
  /** What was changed just now. */
  readonly done: 'profile' | 'password' | undefined;
  /** For how long a deletion waits; 0: not at all. */
  readonly waitDays: number;
};

/** Who one is, and the password. */
export function overviewView(view: OverviewView): Html {
  const { identity, done, fault } = view;
  const { account: t, signIn } = view.t;
  const inPassword = fault?.field?.endsWith('_password') === true;
  const inDeletion = fault?.field === 'understood';
  const user = identity.identifiers[0]?.value ?? '';
  return html`${accountHead(view, 'account')}
        <h1>${t.account}</h1>
        ${done === undefined ? '' : html`<p class="success" role="status">${done === 'profile' ? t.profileSaved : t.passwordChanged}</p>`}
        <form method="post" action="/account/profile">
          ${inPassword || inDeletion ? '' : faultSummary(fault)}
          ${field(view, { name: 'display_name', label: signIn.name, type: 'text', autocomplete: 'name', value: identity.displayName, optional: true, autocapitalize: 'words', maxLength: 128 })}
          ${hiddenFields(view)}
          <button type="submit" class="quiet">${t.save}</button>
        </form>
        <h2>${t.addresses}</h2>
        ${addressesSection(view)}
        <h2>${signIn.password}</h2>
        <form method="post" action="/account/password">
          ${inPassword ? faultSummary(fault) : ''}
          <input type="text" name="username" value="${user}" autocomplete="username" hidden>
          ${field(view, { name: 'current_password', label: t.currentPassword, type: 'password', autocomplete: 'current-password' })}
          ${field(view, { name: 'new_password', label: t.newPassword, type: 'password', autocomplete: 'new-password', hint: t.newPasswordHint, minLength: 8 })}
          ${hiddenFields(view)}
          <button type="submit" class="quiet">${t.changePassword}</button>
        </form>
        <h2>${t.data}</h2>
        <p class="text">${t.dataWords}</p>
        <form method="post" action="/account/data">${hiddenFields(view)}
          <button type="submit" class="quiet">${t.downloadData}</button></form>
        <h2>${t.deleteTitle}</h2>
        <p class="text">${t.deleteWords(view.waitDays)}</p>
        <form method="post" action="/account/delete">
          ${inDeletion ? faultSummary(fault) : ''}
          ${hiddenFields(view)}
          <label class="check"><input type="checkbox" name="understood" value="yes"${inDeletion ? html` aria-invalid="true" aria-describedby="form-fault"` : ''}> ${t.deleteUnderstood}</label>
          <button type="submit" class="danger">${t.deleteAccount}</button>
        </form>
        ${doneForm(view)}`;
}

/** What becomes of who asked to be deleted; `at` undefined: it is done. */
export function deletedView({ account: t, language }: Texts, at: number | undefined): Html {
  const when = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
  return html`<h1>${t.deletedTitle}</h1>
        <p class="text" role="status">${at === undefined ? t.deletedNow : t.deletedAt(when.format(at))}</p>`;
}

/** Says what is over, and what is not. */
export function signedOutView({ account: t, signIn }: Texts, request: SignInRequest): Html {
  return doneView(t.signedOutTitle, t.signedOutWords, { href: pageLink('/sign-in', request), label: signIn.signIn });
}

const HANDHELD: readonly string[] = ['iPhone', 'iPad', 'Android'];

export type SessionsView = FormPage & {
  readonly sessions: readonly Session[];
  readonly older: string;
  readonly placeName: PlaceName;
  /** What this browser says of itself, and its address. */
  readonly browser: Pick<Device, 'userAgent' | 'ipAddress'>;
};

/** Where one is signed in, and the ends of it. */
export function sessionsView(view: SessionsView): Html {
  const { sessions, older, browser } = view;
  const { account: t } = view.t;
  const when = new Intl.DateTimeFormat(view.t.language, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
  const row = ({ handle, device, lastUsedAt, createdAt }: Session) => {
    const { browser: name, system } = deviceNames(device.userAgent);
    const words = device.label || t.device(name, system);
    const here =
      device.userAgent !== '' && device.userAgent === browser.userAgent && device.ipAddress === browser.ipAddress;
    return html`<li>
            ${icon(HANDHELD.includes(system ?? '') ? 'app' : 'screen')}
            <span><strong>${words}</strong>${here ? html` <em class="mark-here">${t.thisBrowser}</em>` : ''}
              <small>${[view.placeName(device.ipAddress, view.t.language), device.ipAddress].filter(Boolean).map((where) => `${where} · `)}${t.signedIn(when.format(createdAt))}</small>
              <small>${t.lastUsed(when.format(lastUsedAt))}</small></span>
            <form method="post" action="/account/sessions" class="inline">${hiddenFields(view)}
              <input type="hidden" name="end" value="${handle}"><button type="submit" class="quiet" aria-label="${t.signOutNamed(words)}">${t.signOut}</button></form>
          </li>`;
  };
  return html`${accountHead(view, 'sessions')}
        <h1>${t.sessions}</h1>
        <p class="text">${sessions.length === 0 ? t.noSessions : t.sessionsWords}</p>
        ${sessions.length === 0 ? '' : html`<ul class="factors">${sessions.map(row)}</ul>`}
        ${olderLink(view, '/account/sessions', older)}
        <form method="post" action="/account/sessions">${hiddenFields(view)}
          <input type="hidden" name="end" value="all"><button type="submit" class="danger">${t.signOutAll}</button></form>
        ${doneForm(view)}`;
}

export type EventView = { readonly id: string; readonly action: keyof Texts['account']['events']; readonly at: number };

/** What has happened, newest first. */
export function activityView(view: FormPage & { readonly events: readonly EventView[]; readonly older: string }): Html {
  const { account: t } = view.t;
  const when = new Intl.DateTimeFormat(view.t.language, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
  return html`${accountHead(view, 'activity')}
        <h1>${t.activity}</h1>
        <p class="text">${t.activityWords}</p>
        <ul class="factors">${view.events.map(
          ({ action, at }) =>
            html`<li><span><strong>${t.events[action]}</strong><small>${when.format(at)} UTC</small></span></li>`,
        )}</ul>
        ${olderLink(view, '/account/activity', view.older)}
        ${doneForm(view)}`;
}

function olderLink(view: FormPage, path: '/account/sessions' | '/account/activity', older: string): Html | string {
  if (older === '') return '';
  return html`<p class="other"><a href="${pageLink(path, view.request)}&amp;page=${older}">${view.t.account.older}</a></p>`;
}

/** Whether an act is one that its person is told of. */
export const isShown = (action: string): action is keyof Texts['account']['events'] =>
  Object.hasOwn(en.account.events, action);
