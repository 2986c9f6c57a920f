import { html } from 'hono/html';
import type { Purpose } from '../../features/mail_proof/mail_proof.ts';
import type { Texts } from '../texts/en.ts';
import { destination, type FormPage, faultSummary, field, hiddenFields, pageLink, workField } from './form.ts';
import { emblem } from './icon.ts';
import type { Html } from './layout.ts';

type MailForm = FormPage & { readonly kind: 'sign-in/mail' | 'recover'; readonly email: string };

/** Asks to which address a mail is to go. */
export function askAddressView(view: MailForm): Html {
  const t = view.t.mail;
  const recover = view.kind === 'recover';
  return html`<h1>${recover ? t.recover : t.signInByCode}</h1>
        ${destination(view)}
        <p class="text">${recover ? t.recoverWords : t.signInByCodeWords}</p>
        <form method="post" action="/${view.kind}">
          ${faultSummary(view.fault)}
          ${field(view, { name: 'email', label: view.t.signIn.email, type: 'email', autocomplete: 'username', value: view.email, focus: true, maxLength: 254 })}
          ${hiddenFields(view)}
          ${workField(view)}
          <button type="submit">${t.send}</button>
        </form>
        <p class="other"><a href="${pageLink('/sign-in', view.request)}">${t.back}</a></p>`;
}

/** The field of a code that came by mail. */
export const codeField = (view: Pick<FormPage, 't' | 'fault'>): Html =>
  field(view, {
    name: 'code',
    label: view.t.mail.code,
    type: 'text',
    autocomplete: 'one-time-code',
    inputMode: 'numeric',
    maxLength: 16,
    focus: true,
  });

/** The field of a new password. */
export const newPasswordField = (view: Pick<FormPage, 't' | 'fault'>): Html =>
  field(view, {
    name: 'password',
    label: view.t.mail.newPassword,
    type: 'password',
    autocomplete: 'new-password',
    hint: view.t.signIn.passwordHint,
    minLength: 8,
  });

/** Asks for the code. Says the same whether or not a mail was sent (spec MAIL-9). */
export function typeCodeView(view: MailForm & { readonly flowToken: string }): Html {
  const t = view.t.mail;
  const recover = view.kind === 'recover';
  return html`${emblem('mail')}
        <h1>${t.checkMail}</h1>
        ${destination(view)}
        <p class="text">${t.sent(view.email)}</p>
        <form method="post" action="/${view.kind}">
          ${faultSummary(view.fault)}
          ${codeField(view)}
          ${recover ? newPasswordField(view) : ''}
          <input type="hidden" name="flow_token" value="${view.flowToken}">
          <input type="hidden" name="email" value="${view.email}">
          ${hiddenFields(view)}
          <button type="submit">${recover ? t.setPassword : view.t.signIn.signIn}</button>
        </form>
        <p class="other">${t.nothingCame} <a href="${pageLink(`/${view.kind}`, view.request)}">${t.again}</a></p>`;
}

/** What a link is for, behind a button: opening it does nothing yet. */
export function linkView(
  view: FormPage & {
    readonly title: string;
    readonly purpose: Purpose;
    readonly email: string;
    readonly linkToken: string;
  },
): Html {
  const t = view.t.mail;
  const words = { sign_in: t.signInLink, reset: t.resetLink, verify: t.verifyLink }[view.purpose](view.email);
  const label = { sign_in: view.t.signIn.signIn, reset: t.setPassword, verify: t.confirmButton }[view.purpose];
  return html`<h1>${view.title}</h1>
        <p class="text">${words}</p>
        <form method="post" action="/mail">
          ${faultSummary(view.fault)}
          ${view.purpose === 'reset' ? newPasswordField(view) : ''}
          <input type="hidden" name="token" value="${view.linkToken}">
          <input type="hidden" name="form_token" value="${view.token}">
          <button type="submit">${label}</button>
        </form>`;
}

/** A link to sign in, in another browser than that which asked for it. */
export const elsewhereView = ({ mail: t }: Texts): Html => doneView(t.elsewhere, t.elsewhereWords, undefined, 'alert');

export const doneView = (
  title: string,
  words: string,
  link?: { readonly href: string; readonly label: string },
  drawing: 'done' | 'alert' = 'done',
): Html =>
  html`${emblem(drawing)}
        <h1>${title}</h1>
        <p class="text">${words}</p>
        ${link === undefined ? '' : html`<p class="other"><a class="button" href="${link.href}">${link.label}</a></p>`}`;
