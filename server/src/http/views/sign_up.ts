import { html } from 'hono/html';
import { elsewhere, type ProviderButton } from './elsewhere.ts';
import { destination, type FormPage, faultSummary, field, hiddenFields, pageLink, workField } from './form.ts';
import type { Html } from './layout.ts';

export type SignUpView = FormPage & {
  readonly identifier: string;
  readonly displayName: string;
  readonly providers: readonly ProviderButton[];
};

export function signUpView(view: SignUpView): Html {
  const { fault, identifier, displayName } = view;
  const known = identifier !== '';
  const t = view.t.signIn;
  return html`<h1>${t.createYourAccount}</h1>
        ${destination(view)}
        <form method="post" action="/sign-up">
          ${faultSummary(fault)}
          ${field(view, { name: 'identifier', label: t.email, type: 'email', autocomplete: 'username', value: identifier, focus: !known, maxLength: 254 })}
          ${field(view, { name: 'display_name', label: t.name, type: 'text', autocomplete: 'name', value: displayName, optional: true, autocapitalize: 'words', maxLength: 128 })}
          ${field(view, { name: 'password', label: t.password, type: 'password', autocomplete: 'new-password', focus: known, hint: t.passwordHint, minLength: 8 })}
          ${hiddenFields(view)}
          ${workField(view)}
          <button type="submit">${t.createAccount}</button>
        </form>
        ${view.providers.length === 0 ? '' : html`<p class="or">${view.t.elsewhere.or}</p>`}
        ${elsewhere(view)}
        <p class="other">${t.haveAccount} <a href="${pageLink('/sign-in', view.request)}">${t.signIn}</a></p>`;
}
