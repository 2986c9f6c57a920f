import { html } from 'hono/html';
import type { Ask } from '../../features/invitation/accept_invitation.ts';
import { type FormPage, faultSummary, field } from './form.ts';
import type { Html } from './layout.ts';

export type InvitationView = Omit<FormPage, 'request'> & {
  readonly organisation: string;
  readonly email: string;
  readonly asks: Ask;
  readonly linkToken: string;
  readonly displayName: string;
};

/** What an invitation is for, behind a button: opening its link does nothing yet. */
export function invitationView(view: InvitationView): Html {
  const { invitation: t, signIn } = view.t;
  const creates = view.asks === 'new_password';
  const password = creates
    ? { autocomplete: 'new-password', hint: signIn.passwordHint, minLength: 8 }
    : { autocomplete: 'current-password' };
  return html`<h1>${t.title(view.organisation)}</h1>
        <p class="text">${t.words(view.email)}</p>
        ${view.asks === 'nothing' ? '' : html`<p class="text">${creates ? t.newAccount : t.ownAccount}</p>`}
        <form method="post" action="/invitation">
          ${faultSummary(view.fault)}
          ${creates ? field(view, { name: 'display_name', label: signIn.name, type: 'text', autocomplete: 'name', value: view.displayName, optional: true, autocapitalize: 'words', maxLength: 128 }) : ''}
          ${view.asks === 'nothing' ? '' : field(view, { name: 'password', label: signIn.password, type: 'password', ...password, focus: true })}
          <input type="hidden" name="token" value="${view.linkToken}">
          <input type="hidden" name="form_token" value="${view.token}">
          <button type="submit">${creates ? t.createAndAccept : t.accept}</button>
        </form>
        <p class="other">${t.decline}</p>`;
}
