import { html } from 'hono/html';
import { keepsAddress } from '../../features/identity/change_identity.ts';
import { type Identifier, type Identity, MAX_IDENTIFIERS } from '../../features/identity/identity.ts';
import { accountHead } from './account_head.ts';
import { type FormPage, faultSummary, field, hiddenFields, pageLink } from './form.ts';
import type { Html } from './layout.ts';
import { codeField, doneView } from './mail.ts';

export type AddressesView = FormPage & {
  readonly identity: Identity;
  /** Whether mails can be sent: without, no address can be proved. */
  readonly byMail: boolean;
};

/** The names that somebody signs in with, and what they can do with their addresses. */
export function addressesSection(view: AddressesView): Html {
  const { identity, byMail } = view;
  const { account: t, secondStep } = view.t;
  const button = (path: string, name: string, value: string, label: string, words: string) =>
    html`<form method="post" action="${path}" class="inline">${hiddenFields(view)}
              <input type="hidden" name="${name}" value="${value}"><button type="submit" class="quiet" aria-label="${words}">${label}</button></form>`;
  const acts = ({ value, verified }: Identifier) => [
    verified || !byMail ? '' : button('/account/email', 'email', value, t.confirm, t.confirmNamed(value)),
    keepsAddress(identity, value)
      ? button('/account/email/remove', 'remove', value, secondStep.remove, secondStep.removeNamed(value))
      : '',
  ];
  const row = (one: Identifier) =>
    html`<li><span><strong>${one.value}</strong>${
      one.type === 'email' ? html`<small>${one.verified ? t.verified : t.unverified}</small>` : ''
    }</span>${one.type === 'email' ? acts(one) : ''}</li>`;
  return html`${view.fault?.field === 'remove' ? faultSummary(view.fault) : ''}
        <ul class="factors">${identity.identifiers.map(row)}</ul>
        ${byMail ? newAddress(view) : ''}`;
}

/** Asks for another address: beside the others, or in the place of one. */
function newAddress(view: AddressesView): Html {
  const { identifiers } = view.identity;
  const t = view.t.mail;
  const own = identifiers.flatMap(({ type, value }) => (type === 'email' ? [value] : []));
  const room = identifiers.length < MAX_IDENTIFIERS;
  const choice = (value: string, label: string, chosen: boolean) =>
    html`<label class="check"><input type="radio" name="replaces" value="${value}"${chosen ? html` checked` : ''}> ${label}</label>`;
  const choices = [
    room ? choice('', t.beside, true) : '',
    ...own.map((address, place) => choice(address, t.inPlaceOf(address), !room && place === 0)),
  ];
  const faulty = view.fault?.field === 'email';
  return html`<details class="choice"${faulty ? html` open` : ''}><summary>${t.newAddress}</summary>
          <form method="post" action="/account/email">
          ${faulty ? faultSummary(view.fault) : ''}
          <p class="text">${t.newAddressWords}</p>
          ${field(view, { name: 'email', label: t.newEmail, type: 'email', autocomplete: 'email', maxLength: 254 })}
          ${own.length === 0 ? '' : html`<fieldset class="choices"><legend>${t.others}</legend>${choices}</fieldset>`}
          ${hiddenFields(view)}<button type="submit" class="quiet">${t.send}</button></form></details>`;
}

/** Asks for the code that was sent to an address. */
export function confirmEmailView(view: FormPage & { readonly email: string; readonly flowToken: string }): Html {
  const t = view.t.mail;
  return html`${accountHead(view, 'account')}
        <h1>${t.checkMail}</h1>
        <p class="text">${t.newAddressWords}</p>
        <form method="post" action="/account/email">
          ${faultSummary(view.fault)}
          ${codeField(view)}
          <input type="hidden" name="flow_token" value="${view.flowToken}">
          <input type="hidden" name="email" value="${view.email}">
          ${hiddenFields(view)}
          <button type="submit">${t.confirmButton}</button>
        </form>`;
}

/** The addresses by themselves, shown again with what was wrong. */
export function addressesView(view: AddressesView): Html {
  return html`${accountHead(view, 'account')}
        <h1>${view.t.account.addresses}</h1>${addressesSection(view)}`;
}

/** The address counts. */
export function confirmedEmailView(view: FormPage): Html {
  const { mail, account } = view.t;
  const back = { href: pageLink('/account', view.request), label: account.account };
  return html`${accountHead(view, 'account')}${doneView(mail.confirmed, mail.addressCounts, back)}`;
}
