import { html } from 'hono/html';
import { elsewhere, type ProviderButton } from './elsewhere.ts';
import { destination, type FormPage, faultSummary, field, hiddenFields, pageLink, workField } from './form.ts';
import type { Html } from './layout.ts';
import { passkeyForm } from './second_step.ts';

export type SignInView = FormPage & {
  readonly kind: 'sign-in' | 'security';
  readonly identifier: string;
  readonly signUpOpen: boolean;
  readonly providers: readonly ProviderButton[];
  /** Whether mails can be sent. */
  readonly byMail: boolean;
  /** Whether a mail may sign in. */
  readonly byCode: boolean;
  /** Undefined where passkeys are not offered. */
  readonly passkeyOptions: string | undefined;
};

export function signInView(view: SignInView): Html {
  const { fault, identifier, passkeyOptions } = view;
  const t = view.t.signIn;
  const known = identifier !== '';
  return html`<h1>${t.signIn}</h1>
        ${destination(view)}
        <form method="post" action="/${view.kind}">
          ${faultSummary(fault)}
          ${field(view, { name: 'identifier', label: t.identifier, type: 'text', autocomplete: passkeyOptions === undefined ? 'username' : 'username webauthn', value: identifier, focus: !known, maxLength: 254 })}
          ${field(view, { name: 'password', label: t.password, type: 'password', autocomplete: 'current-password', focus: known })}
          ${hiddenFields(view)}
          ${workField(view)}
          <button type="submit">${t.signIn}</button>
        </form>
        ${passkeyOptions === undefined && view.providers.length === 0 ? '' : html`<p class="or">${view.t.elsewhere.or}</p>`}
        ${
          passkeyOptions === undefined
            ? ''
            : html`${passkeyForm({
                page: view,
                action: '/sign-in/passkey',
                ceremony: 'get',
                options: passkeyOptions,
                label: t.usePasskey,
                autofill: true,
                quiet: true,
                inside: view.kind === 'security' ? html`<input type="hidden" name="hold" value="yes">` : '',
              })}`
        }
        ${elsewhere(view, view.kind === 'security')}
        ${
          view.byMail
            ? html`<p class="other apart"><a href="${pageLink('/recover', view.request)}">${view.t.mail.forgot}</a>${
                view.byCode ? html` <a href="${pageLink('/sign-in/mail', view.request)}">${view.t.mail.byCode}</a>` : ''
              }</p>`
            : ''
        }
        ${view.signUpOpen ? html`<p class="other">${t.newHere} <a href="${pageLink('/sign-up', view.request)}">${t.createAnAccount}</a></p>` : ''}`;
}
