import { html } from 'hono/html';
import { accountHead } from './account.ts';
import { type FormPage, faultSummary, field, hiddenFields, pageLink } from './form.ts';
import type { Html } from './layout.ts';
import { codeField, doneView } from './mail.ts';

/** On the page of all factors, open where it is shown again. */
export function changeEmailForm(view: FormPage): Html {
  const t = view.t.mail;
  const form = html`<form method="post" action="/second-step/email"><p class="text">${t.changeEmailWords}</p>
          ${field(view, { name: 'email', label: t.newEmail, type: 'email', autocomplete: 'email', maxLength: 254 })}
          ${hiddenFields(view)}<button type="submit">${t.send}</button></form>`;
  return html`<details class="choice"${view.fault?.field === 'email' ? html` open` : ''}><summary>${t.changeEmail}</summary>${form}</details>`;
}

/** Asks for the code that was sent to a new address. */
export function confirmEmailView(view: FormPage & { readonly email: string; readonly flowToken: string }): Html {
  const t = view.t.mail;
  return html`${accountHead(view, 'security')}
        <h1>${t.checkMail}</h1>
        <p class="text">${t.changeEmailWords}</p>
        <form method="post" action="/second-step/email">
          ${faultSummary(view.fault)}
          ${codeField(view)}
          <input type="hidden" name="flow_token" value="${view.flowToken}">
          <input type="hidden" name="email" value="${view.email}">
          ${hiddenFields(view)}
          <button type="submit">${t.confirmButton}</button>
        </form>`;
}

/** The form by itself, shown again with what was wrong. */
export function againView(view: FormPage): Html {
  return html`${accountHead(view, 'security')}
        <h1>${view.t.mail.changeEmail}</h1>${faultSummary(view.fault)}${changeEmailForm(view)}`;
}

/** The new address counts. */
export function changedEmailView(view: FormPage): Html {
  const { mail, account } = view.t;
  const back = { href: pageLink('/second-step', view.request), label: account.security };
  return html`${accountHead(view, 'security')}${doneView(mail.emailChanged, mail.emailChangedWords, back)}`;
}
