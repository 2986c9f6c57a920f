import { html, raw } from 'hono/html';
import type { Factors } from '../../features/mfa/assurance.ts';
import type { FactorRecord } from '../../features/mfa/factors.ts';
import type { TotpSetup } from '../../features/mfa/totp_enrollment.ts';
import { accountHead, signOutForm } from './account_head.ts';
import { type AccountsView, accountsView } from './elsewhere.ts';
import { destination, type FormPage, faultSummary, field, hiddenFields, pageLink } from './form.ts';
import { icon } from './icon.ts';
import type { Html } from './layout.ts';

/** A form that the passkey script fills in; its button shows only where the browser can. */
export function passkeyForm(view: {
  readonly page: FormPage;
  readonly action: string;
  readonly ceremony: 'get' | 'create';
  readonly options: string;
  readonly label: string;
  readonly autofill?: boolean;
  readonly quiet?: boolean;
  readonly inside?: Html | string;
}): Html {
  return html`<form method="post" action="${view.action}" class="passkey" hidden
          data-passkey="${view.ceremony}" data-options="${view.options}"${view.autofill ? html` data-autofill` : ''}>
          ${hiddenFields(view.page)}
          <input type="hidden" name="credential" value="">
          ${view.inside ?? ''}
          <button type="submit"${view.quiet ? html` class="quiet"` : ''}>${icon('passkey')}${view.label}</button>
          <p class="fault" role="alert" hidden data-passkey-fault>${view.page.t.secondStep.passkeyUnused}</p>
        </form>`;
}

const CODE = {
  type: 'text',
  autocomplete: 'one-time-code',
  maxLength: 16,
  inputMode: 'numeric',
} as const;

export type FactorView = FormPage & {
  readonly factors: Factors;
  readonly recovery: boolean;
  readonly passkeyOptions: string | undefined;
  readonly rememberDays: number;
};

/** Asks for one factor. */
export function factorView(view: FactorView): Html {
  const { factors, fault, request, rememberDays } = view;
  const t = view.t.secondStep;
  const remember =
    rememberDays === 0
      ? ''
      : html`<label class="check"><input type="checkbox" name="remember" value="yes"> ${t.remember(rememberDays)}</label>`;
  const code = view.recovery
    ? field(view, {
        name: 'code',
        label: t.recoveryCode,
        type: 'text',
        autocomplete: 'off',
        focus: true,
        maxLength: 64,
        hint: t.recoveryHint,
      })
    : field(view, { name: 'code', label: t.code, ...CODE, focus: true, hint: t.codeHint });
  const typed = view.recovery || factors.totp;
  const other = view.recovery
    ? html`<a href="${pageLink('/second-step', request)}">${t.goBack}</a>`
    : html`${t.lostIt} <a href="${pageLink('/second-step', request)}&amp;with=recovery">${t.useRecoveryCode}</a>`;
  return html`<h1>${t.confirm}</h1>
        ${destination(view)}
        ${
          view.passkeyOptions === undefined || view.recovery
            ? ''
            : html`${passkeyForm({ page: view, action: '/second-step', ceremony: 'get', options: view.passkeyOptions, label: t.usePasskey, inside: remember })}
        ${factors.totp ? html`<p class="or"><span>${t.or}</span></p>` : html`<noscript><p class="text">${t.passkeysNeedScript}</p></noscript>`}`
        }
        ${
          typed
            ? html`<form method="post" action="/second-step">
          ${faultSummary(fault)}
          ${code}
          ${view.recovery ? html`<input type="hidden" name="with" value="recovery">` : remember}
          ${hiddenFields(view)}
          <button type="submit">${t.goOn}</button>
        </form>`
            : faultSummary(fault)
        }
        ${factors.recoveryCodes > 0 ? html`<p class="other">${other}</p>` : ''}`;
}

type Setup = FormPage & {
  readonly setup: TotpSetup;
  readonly passkeyOptions: string | undefined;
  /** Whether the pages are at an address without a name, where browsers know no passkeys (spec PKY-1). */
  readonly nameless: boolean;
};

/** The steps for an authenticator app. */
function totpForm(view: Setup): Html {
  const { setup } = view;
  const t = view.t.secondStep;
  return html`<form method="post" action="/second-step/totp">
          <ol class="guide">
            <li>${t.scan}
              <div class="qr">${raw(setup.qrSvg)}</div>
              <details><summary>${t.cannotScan}</summary><p class="text">${t.typeKey} <code class="key">${setup.secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}</code></p></details>
            </li>
            <li>${t.typeDigits}</li>
          </ol>
          ${field(view, { name: 'code', label: t.code, ...CODE })}
          <input type="hidden" name="enrollment_token" value="${setup.token}">
          ${hiddenFields(view)}
          <button type="submit">${t.turnOn}</button>
        </form>`;
}

/** `quiet` where it is not what comes next. */
function newPasskey(view: Setup, label: string, quiet = false): Html | string {
  if (view.passkeyOptions === undefined)
    return view.nameless ? html`<p class="text note">${view.t.secondStep.passkeysNeedName}</p>` : '';
  return passkeyForm({
    page: view,
    action: '/second-step/passkey',
    ceremony: 'create',
    options: view.passkeyOptions,
    label,
    quiet,
  });
}

/** Asks a person who has no factor to set one up. */
export function enrollView(view: Setup): Html {
  const t = view.t.secondStep;
  return html`<h1>${t.protect}</h1>
        <p class="text">${t.protectWords}</p>
        ${faultSummary(view.fault)}
        ${newPasskey(view, t.createPasskey)}
        <details class="choice" open><summary>${t.useApp}</summary>${totpForm(view)}</details>`;
}

export type SecurityView = Setup &
  AccountsView & {
    readonly factors: readonly FactorRecord[];
    readonly recoveryCodesLeft: number;
    /** False where the tenant's policy asks nobody for a factor. */
    readonly offersFactors: boolean;
  };

/** All factors of a person, and what can be done with them. */
export function securityView(view: SecurityView): Html {
  const { factors } = view;
  const t = view.t.secondStep;
  const day = new Intl.DateTimeFormat(view.t.language, { dateStyle: 'long', timeZone: 'UTC' });
  const hasTotp = factors.some(({ type }) => type === 'totp');
  const row = ({ id, type, label: given, createdAt }: FactorRecord) => {
    const label = given || (type === 'totp' ? t.app : t.passkey);
    return html`<li>
            ${icon(type === 'totp' ? 'app' : 'passkey')}
            <span><strong>${label}</strong>
              <small>${type === 'totp' ? t.codes : t.passkey} · ${t.since(day.format(createdAt))}</small></span>
            <form method="post" action="/second-step/change" class="inline">${hiddenFields(view)}
              <input type="hidden" name="remove" value="${id}"><button type="submit" class="quiet" aria-label="${t.removeNamed(label)}">${t.remove}</button></form>
          </li>`;
  };
  const change = (what: string, label: string) => html`<form method="post" action="/second-step/change">
          ${hiddenFields(view)}<input type="hidden" name="change" value="${what}"><button type="submit" class="quiet">${label}</button></form>`;
  const secondFactors = html`<p class="text">${factors.length === 0 ? t.noFactor : t.besideSignIn}</p>
        ${faultSummary(view.fault)}
        ${factors.length === 0 ? '' : html`<ul class="factors">${factors.map(row)}</ul>`}
        ${newPasskey(view, factors.some(({ type }) => type === 'passkey') ? t.anotherPasskey : t.createPasskey, factors.length > 0)}
        ${hasTotp ? '' : html`<details class="choice"><summary>${t.addApp}</summary>${totpForm(view)}</details>`}
        ${
          factors.length === 0
            ? ''
            : html`<p class="text codes-left">${t.codesLeft(view.recoveryCodesLeft)}</p>
        ${change('codes', t.newCodes)}
        ${change('devices', t.forgetDevices)}`
        }`;
  return html`${accountHead(view, 'security')}
        <h1>${t.security}</h1>
        ${view.offersFactors ? secondFactors : ''}
        ${accountsView(view)}
        <form method="post" action="/second-step/done">${hiddenFields(view)}<button type="submit">${t.done}</button></form>`;
}

/** Recovery codes, shown once. */
export function codesView(view: FormPage & { readonly codes: readonly string[]; readonly held: boolean }): Html {
  const t = view.t.secondStep;
  return html`${view.held ? signOutForm(view) : ''}
        <h1>${t.yourCodes}</h1>
        <p class="text">${t.keepCodes}</p>
        <ul class="codes">${view.codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
        <form method="post" action="/second-step/done">${hiddenFields(view)}<button type="submit">${t.savedCodes}</button></form>`;
}
