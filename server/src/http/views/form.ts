import { html } from 'hono/html';
import type { SignInRequest } from '../../features/sign_in/sign_in_request.ts';
import type { Texts } from '../texts/en.ts';
import type { Html } from './layout.ts';

/** What a form page needs besides its fields. */
export type FormPage = {
  readonly t: Texts;
  readonly request: SignInRequest;
  readonly token: string;
  readonly fault: FormFaultView | undefined;
  /** The challenge, where work must be proved. */
  readonly work?: string | undefined;
};

/** Why a form is shown again: what it says and which field is meant, if one is. */
export type FormFaultView = { readonly message: string; readonly field?: string | undefined };

export type FieldView = {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly autocomplete: string;
  readonly value?: string;
  readonly hint?: string;
  readonly optional?: boolean;
  readonly focus?: boolean;
  readonly minLength?: number;
  /** None for passwords: a browser would cut them without a word. */
  readonly maxLength?: number;
  readonly autocapitalize?: string;
  readonly inputMode?: 'numeric';
};

/** One labelled input; described by its hint and, where it is meant, by the error. */
export function field({ t, fault }: Pick<FormPage, 't' | 'fault'>, view: FieldView): Html {
  const { name, hint } = view;
  const faulty = fault !== undefined && (fault.field === undefined || fault.field === name) && view.optional !== true;
  const described = [...(hint === undefined ? [] : [`${name}-hint`]), ...(faulty ? ['form-fault'] : [])].join(' ');
  const traits = [
    ...(view.maxLength === undefined ? [] : [html` maxlength="${view.maxLength}"`]),
    ...(view.minLength === undefined ? [] : [html` minlength="${view.minLength}"`]),
    ...(view.inputMode === undefined ? [] : [html` inputmode="${view.inputMode}"`]),
    ...(view.optional ? [] : [html` required`]),
    ...(view.focus ? [html` autofocus`] : []),
    ...(faulty ? [html` aria-invalid="true"`] : []),
    ...(described === '' ? [] : [html` aria-describedby="${described}"`]),
  ];
  return html`<div class="field">
            <label for="${name}">${view.label}${view.optional ? html` <span class="optional">${t.frame.optional}</span>` : ''}</label>
            <input id="${name}" name="${name}" type="${view.type}" value="${view.value ?? ''}" autocomplete="${view.autocomplete}"
              autocapitalize="${view.autocapitalize ?? 'none'}" spellcheck="false"${traits}>${
                hint === undefined
                  ? ''
                  : html`
            <p class="hint" id="${name}-hint">${hint}</p>`
              }
          </div>`;
}

/** The error at the head of a form. */
export function faultSummary(fault: FormFaultView | undefined): Html | string {
  if (fault === undefined) return '';
  return html`<p class="fault" id="form-fault" role="alert">${fault.message}</p>`;
}

/** Where the flow goes on, and the token that binds the form to this browser. */
export function hiddenFields({ request, token }: FormPage): Html {
  return html`<input type="hidden" name="return_to" value="${request.returnTo}">
          <input type="hidden" name="state" value="${request.state}">
          <input type="hidden" name="code_challenge" value="${request.codeChallenge}">
          <input type="hidden" name="code_challenge_method" value="S256">
          ${request.acr === undefined ? '' : html`<input type="hidden" name="acr_values" value="${request.acr}">`}
          <input type="hidden" name="form_token" value="${token}">`;
}

/** Where work must be proved, the place for the proof: a script solves the challenge while the form is filled in (spec LIM-5). */
export function workField({ t, work }: Pick<FormPage, 't'> & { readonly work?: string | undefined }): Html | string {
  if (work === undefined) return '';
  return html`<input type="hidden" name="proof_of_work" value="" data-challenge="${work}">
          <p class="hint" role="status" data-work hidden>${t.signIn.workGoesOn}</p>
          <noscript><p class="text note">${t.signIn.workNeedsScript}</p></noscript>`;
}

/** The sentence that tells a person where this leads. */
export function destination({ t, request }: FormPage): Html {
  return html`<p class="lead">${t.frame.toContinueTo} <strong>${new URL(request.returnTo).host}</strong></p>`;
}

export type PagePath =
  | '/sign-in'
  | '/sign-up'
  | '/security'
  | '/second-step'
  | '/recover'
  | '/sign-in/mail'
  | '/account'
  | '/account/sessions'
  | '/account/activity';

/** The same flow on a page of ours. */
export function pageLink(path: PagePath, request: SignInRequest): string {
  const query = new URLSearchParams({
    return_to: request.returnTo,
    state: request.state,
    code_challenge: request.codeChallenge,
    code_challenge_method: 'S256',
    ...(request.acr === undefined ? {} : { acr_values: request.acr }),
  });
  return `${path}?${query}`;
}
