import { TrustError } from '../errors/trust_error.ts';
import { doneFrom } from '../features/cascade/cascade.ts';
import type { Identity } from '../features/identity/identity.ts';
import type { ManageFactors } from '../features/mfa/factors.ts';
import type { RegenerateRecoveryCodes } from '../features/mfa/recovery_codes.ts';
import type { CompleteTotpEnrollment, StartTotpEnrollment } from '../features/mfa/totp_enrollment.ts';
import type { LinkedAccounts } from '../features/oauth/linked_accounts.ts';
import type { ProvePasskey, StartPasskeySignIn } from '../features/passkey/prove_passkey.ts';
import type { CompletePasskeyRegistration, StartPasskeyRegistration } from '../features/passkey/register_passkey.ts';
import type { PendingSignIns } from '../features/pending_sign_in/answer_sign_in.ts';
import type { ProveFactor } from '../features/pending_sign_in/prove_factor.ts';
import type { ReadPerson, ReadSubject, Subject } from '../features/pending_sign_in/subject.ts';
import { cookieOf, DEVICE_SECONDS } from './cookie.ts';
import { ACTOR, type Flow, type FlowOptions, type OwnForm, type RedirectFlow } from './flow.ts';
import { type Held, heldSignIns } from './held.ts';
import type { PageContext, PageHandlers } from './routes.ts';
import type { ProviderButton } from './views/elsewhere.ts';
import { type FormFaultView, pageLink } from './views/form.ts';
import type { Html } from './views/layout.ts';
import { codesView, enrollView, factorView, securityView } from './views/second_step.ts';

export type SecondStepUseCases = {
  readonly pending: PendingSignIns;
  readonly proveTotp: ProveFactor;
  readonly proveRecoveryCode: ProveFactor;
  readonly readPerson: ReadPerson;
  readonly readSubject: ReadSubject;
  readonly startTotpEnrollment: StartTotpEnrollment;
  readonly completeTotpEnrollment: CompleteTotpEnrollment;
  readonly regenerateRecoveryCodes: RegenerateRecoveryCodes;
  readonly factors: ManageFactors;
  readonly startPasskeyRegistration: StartPasskeyRegistration;
  readonly completePasskeyRegistration: CompletePasskeyRegistration;
  readonly startPasskeySignIn: StartPasskeySignIn;
  readonly provePasskey: ProvePasskey;
};

/** Keeps the token of a remembered device. */
export const deviceCookie = (publicUrl: string) => cookieOf(publicUrl, 'trust_device', DEVICE_SECONDS);

/** What comes between a first proof and the way back: one factor, or the enrolment of one, or the page of all (spec MFA-10). */
export function secondStepPages(
  options: FlowOptions & {
    readonly flow: RedirectFlow;
    readonly mfa: SecondStepUseCases;
    readonly oauth: {
      readonly providers: readonly ProviderButton[];
      readonly linkedAccounts: Pick<LinkedAccounts, 'list'>;
    };
    readonly email: { readonly enabled: boolean };
    readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  },
): Pick<
  PageHandlers,
  'secondStep' | 'submitSecondStep' | 'enrollTotp' | 'enrollPasskey' | 'changeFactors' | 'endSecondStep'
> {
  const { flow: redirect, mfa, refuse } = options;
  const devices = deviceCookie(options.publicUrl);

  const { startAgain, heldBy, posted } = heldSignIns(options);

  const subjectOf = async (context: PageContext, { token, binding }: Held): Promise<Subject> => {
    const subject = await mfa.readSubject(options.tenantId, { pendingToken: token, binding });
    return { ...subject, within: doneFrom(subject.within, options.placeOf(context)) };
  };

  const show = async (
    context: PageContext,
    flow: Flow,
    transaction: string,
    held: Held,
    { fault, recovery = false }: { readonly fault?: FormFaultView | undefined; readonly recovery?: boolean } = {},
  ): Promise<Response> => {
    const { pending, token, binding } = held;
    const identity = await options.readIdentity(options.tenantId, pending.identityId);
    if (identity === undefined) return refuse(context, startAgain(flow));
    const { secondStep: words } = context.var.t;
    const form = redirect.formPage(context, flow, transaction, fault);
    const { asked, factors } = await mfa.pending.asked(pending, identity);
    const write = (title: string, body: Html) =>
      options.page(context, {
        status: fault === undefined ? 200 : 422,
        title,
        body,
        formTarget: flow.request.returnTo,
        link: pageLink('/second-step', flow.request),
        scripts: redirect.hasPasskeys ? ['passkey'] : [],
      });
    if (asked === 'factor') {
      const passkeyOptions =
        redirect.hasPasskeys && factors.passkeys > 0
          ? await mfa.startPasskeySignIn(options.tenantId, { token, binding })
          : undefined;
      const rememberDays = Math.round(flow.settings.rememberDevice / 86_400_000);
      return write(
        words.confirm,
        factorView({ ...form, factors, recovery: recovery && factors.recoveryCodes > 0, passkeyOptions, rememberDays }),
      );
    }
    const [setup, passkeyOptions] = await Promise.all([
      mfa.startTotpEnrollment(identity),
      redirect.hasPasskeys ? mfa.startPasskeyRegistration(identity).catch(unlessLimit) : undefined,
    ]);
    const nameless = !redirect.hasPasskeys;
    if (asked === 'enrollment') {
      return write(words.protect, enrollView({ ...form, setup, passkeyOptions, nameless }));
    }
    const [list, accounts] = await Promise.all([
      mfa.factors.list(options.tenantId, identity.id),
      options.oauth.linkedAccounts.list(options.tenantId, identity.id),
    ]);
    const providers = flow.settings.signInMethods.oauth ? options.oauth.providers : [];
    const offersFactors = flow.settings.mfaPolicy !== 'off';
    const view = {
      ...form,
      setup,
      passkeyOptions,
      nameless,
      ...list,
      accounts,
      providers,
      offersFactors,
    };
    return write(words.security, securityView(view));
  };

  /** Shows the page again with what was wrong; lets every other error through. */
  const orAgain = async (
    context: PageContext,
    form: OwnForm,
    held: Held,
    words: 'codeRejected' | 'passkeyRejected',
    work: () => Promise<Response>,
  ): Promise<Response> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      if (error.reason === 'PENDING_SIGN_IN_REJECTED') return refuse(context, startAgain(form));
      if (error.reason === 'STEP_UP_REQUIRED') return context.redirect(pageLink('/second-step', form.request), 303);
      if (error.reason !== 'CREDENTIAL_REJECTED' && error.reason !== 'FACTOR_LIMIT') throw error;
      redirect.transactionOf(context);
      const field = words === 'passkeyRejected' ? 'credential' : 'code';
      const fault = { field, message: context.var.t.secondStep[words] };
      return show(context, form, form.transaction, held, { fault, recovery: form.fields.with === 'recovery' });
    }
  };

  /** After a proof: on to the app, or, where the sign-in is held, to the page of all factors. */
  const proved = async (context: PageContext, form: OwnForm, held: Held, identity?: Identity): Promise<Response> => {
    const pending = await mfa.pending.read({ tenantId: options.tenantId, token: held.token, binding: held.binding });
    const who = identity ?? (await options.readIdentity(options.tenantId, pending.identityId));
    if (who === undefined) return refuse(context, startAgain(form));
    return redirect.end(context, await mfa.pending.finishHeld(pending, who), form.request);
  };

  /** New recovery codes are shown once, on the answer itself. */
  const codesPage = (context: PageContext, form: OwnForm, { pending }: Held, codes: readonly string[]) => {
    redirect.transactionOf(context);
    return options.page(context, {
      status: 200,
      title: context.var.t.secondStep.yourCodes,
      body: codesView({ ...redirect.formPage(context, form, form.transaction), codes, held: pending.held }),
      formTarget: form.request.returnTo,
    });
  };

  const enrolled = async (context: PageContext, form: OwnForm, held: Held, codes: readonly string[]) =>
    codes.length > 0
      ? codesPage(context, form, held, codes)
      : context.redirect(pageLink('/second-step', form.request), 303);

  return {
    async secondStep(context) {
      const flow = await redirect.opened(context);
      if (flow instanceof Response) return flow;
      const transaction = redirect.transactionOf(context);
      const held = await heldBy(context, transaction);
      if (held === undefined) return context.redirect(pageLink('/sign-in', flow.request), 303);
      const recovery = new URL(context.req.url).searchParams.get('with') === 'recovery';
      return show(context, flow, transaction, held, { recovery });
    },

    async submitSecondStep(context) {
      const own = await posted(context);
      if (own instanceof Response) return own;
      const { form, held } = own;
      const { code = '', credential, with: kind, remember } = form.fields;
      const name = { tenantId: options.tenantId, actor: ACTOR, token: held.token, binding: held.binding };
      const more = { remember: remember === 'yes' };
      const address = options.clientOf(context);
      return orAgain(context, form, held, credential === undefined ? 'codeRejected' : 'passkeyRejected', async () => {
        const answered =
          credential !== undefined
            ? await mfa.provePasskey({ ...name, ...more, credentialJson: credential, address })
            : kind === 'recovery'
              ? await mfa.proveRecoveryCode({ ...name, code, address })
              : await mfa.proveTotp({ ...name, ...more, code, address });
        if (answered.proof === undefined) return context.redirect(pageLink('/second-step', form.request), 303);
        if (answered.deviceToken !== undefined) {
          context.header('set-cookie', devices.give(answered.deviceToken), { append: true });
        }
        return redirect.end(context, answered.proof, form.request);
      });
    },

    async enrollTotp(context) {
      const own = await posted(context);
      if (own instanceof Response) return own;
      const { form, held } = own;
      return orAgain(context, form, held, 'codeRejected', async () => {
        const { identity, within, enrolled: had } = await subjectOf(context, held);
        const { enrollment_token: token = '', code = '' } = form.fields;
        const label = context.var.t.secondStep.app;
        const input = { identity, actor: ACTOR, enrolled: had, within, token, code, label };
        const { recoveryCodes } = await mfa.completeTotpEnrollment(input);
        await mfa.pending.prove(held.pending, 'totp');
        return enrolled(context, form, held, recoveryCodes);
      });
    },

    async enrollPasskey(context) {
      const own = await posted(context);
      if (own instanceof Response) return own;
      const { form, held } = own;
      return orAgain(context, form, held, 'passkeyRejected', async () => {
        const { identity, within, enrolled: had } = await subjectOf(context, held);
        const label = (form.fields.label ?? '').trim().slice(0, 64) || context.var.t.secondStep.passkey;
        const credentialJson = form.fields.credential ?? '';
        const input = { identity, actor: ACTOR, enrolled: had, within, credentialJson, label };
        const { recoveryCodes } = await mfa.completePasskeyRegistration(input);
        await mfa.pending.prove(held.pending, 'passkey_verified');
        return enrolled(context, form, held, recoveryCodes);
      });
    },

    async changeFactors(context) {
      const own = await posted(context);
      if (own instanceof Response) return own;
      const { form, held } = own;
      return orAgain(context, form, held, 'codeRejected', async () => {
        const { identity, within } = await subjectOf(context, held);
        const by = { tenantId: options.tenantId, actor: ACTOR, within };
        const target = { ...by, identityId: identity.id };
        const { remove, change } = form.fields;
        if (change === 'codes')
          return codesPage(context, form, held, await mfa.regenerateRecoveryCodes({ ...by, identity }));
        if (change === 'devices') await mfa.factors.forgetDevices(target);
        else if (remove !== undefined) await mfa.factors.remove({ ...target, factorId: remove }).catch(unlessGone);
        return context.redirect(pageLink('/second-step', form.request), 303);
      });
    },

    async endSecondStep(context) {
      const own = await posted(context);
      if (own instanceof Response) return own;
      return orAgain(context, own.form, own.held, 'codeRejected', () => proved(context, own.form, own.held));
    },
  };
}

const unlessLimit = (error: unknown): undefined => {
  if (!(error instanceof TrustError && error.reason === 'FACTOR_LIMIT')) throw error;
};

const unlessGone = (error: unknown): void => {
  if (!(error instanceof TrustError && error.reason === 'FACTOR_NOT_FOUND')) throw error;
};
