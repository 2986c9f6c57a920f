import { z } from 'zod';
import { checked, device, secretText, textBytes } from '../../contract/fields.ts';
import type * as message from '../../contract/gen/trust/v1/email.ts';
import { timestamp } from '../../contract/messages.ts';
import { pendingMessage, signedInMessage } from '../../contract/mfa_messages.ts';
import type { Call, Handler } from '../../contract/rpc.ts';
import { pickLanguage } from '../../kernel/language.ts';
import type { SignInStep } from '../pending_sign_in/begin_sign_in.ts';
import type { EndSignIn } from '../pending_sign_in/end_sign_in.ts';
import type { Device } from '../session/session.ts';
import type { Started } from './mail_proofs.ts';
import type { CompletePasswordReset, StartPasswordReset } from './reset_password.ts';
import type { CompleteMailSignIn, StartMailSignIn } from './sign_in_by_mail.ts';
import type { CompleteEmailVerification, StartEmailVerification } from './verify_email.ts';

export type EmailRpc = {
  readonly startEmailSignIn: Handler<message.StartEmailSignInRequest, message.StartEmailSignInResponse>;
  readonly completeEmailSignIn: Handler<message.CompleteEmailSignInRequest, message.CompleteEmailSignInResponse>;
  readonly startPasswordReset: Handler<message.StartPasswordResetRequest, message.StartPasswordResetResponse>;
  readonly completePasswordReset: Handler<message.CompletePasswordResetRequest, message.CompletePasswordResetResponse>;
  readonly startEmailVerification: Handler<
    message.StartEmailVerificationRequest,
    message.StartEmailVerificationResponse
  >;
  readonly completeEmailVerification: Handler<
    message.CompleteEmailVerificationRequest,
    message.CompleteEmailVerificationResponse
  >;
};

const email = textBytes(254).min(1, 'is required');
const language = textBytes(35).transform((tag) => pickLanguage([tag]) ?? 'en');
const verifyFields = z.object({ email, language, device, sessionId: secretText, replaces: textBytes(254) });
const startFields = z.object({ email, language, device, proofOfWork: textBytes(2_048) });
const codeFields = z.object({ flowToken: secretText, code: textBytes(16).min(1, 'is required'), device });
const signInFields = codeFields.extend({ deviceToken: textBytes(256) });
// The password's own bounds are the rules' business (spec PWD-1).
const resetFields = codeFields.extend({ password: z.string() });

/** The handlers of EmailService. */
export function emailRpc(useCases: {
  readonly startMailSignIn: StartMailSignIn;
  readonly completeMailSignIn: CompleteMailSignIn;
  readonly startPasswordReset: StartPasswordReset;
  readonly completePasswordReset: CompletePasswordReset;
  readonly startEmailVerification: StartEmailVerification;
  readonly completeEmailVerification: CompleteEmailVerification;
  readonly endSignIn: EndSignIn;
}): EmailRpc {
  const by = ({ tenantId, caller }: Call) => ({ tenantId, actor: caller.service });
  const askerBy = (call: Call, on: Device) => ({ ...by(call), address: on.ipAddress });
  const started = ({ flowToken, expiresAt }: Started) => ({ flowToken, expiresAt: timestamp(expiresAt) });
  const outcome = async ({ proof, pending }: Partial<SignInStep>, { caller }: Call, on: Device) =>
    proof === undefined
      ? { signedIn: undefined, pending: pending && pendingMessage(pending) }
      : { signedIn: signedInMessage(await useCases.endSignIn(proof, caller.service, on)), pending: undefined };

  return {
    async startEmailSignIn(request, call) {
      const fields = checked(startFields, request);
      const { language: of, proofOfWork } = fields;
      const asker = { ...askerBy(call, fields.device), language: of, proofOfWork };
      return started(await useCases.startMailSignIn(asker, fields.email));
    },

    async completeEmailSignIn(request, call) {
      const { device: on, deviceToken, ...typed } = checked(signInFields, request);
      return outcome(
        await useCases.completeMailSignIn({ ...by(call), place: on, ...typed }, { deviceToken }),
        call,
        on,
      );
    },

    async startPasswordReset(request, call) {
      const fields = checked(startFields, request);
      const { language: of, proofOfWork } = fields;
      const asker = { ...askerBy(call, fields.device), language: of, proofOfWork };
      return started(await useCases.startPasswordReset(asker, fields.email));
    },

    async completePasswordReset(request, call) {
      const { device: on, password, ...typed } = checked(resetFields, request);
      const step = await useCases.completePasswordReset({ ...by(call), place: on, ...typed }, password);
      return outcome(step ?? {}, call, on);
    },

    async startEmailVerification(request, call) {
      const { sessionId, replaces, ...fields } = checked(verifyFields, request);
      const asker = { ...askerBy(call, fields.device), language: fields.language };
      return started(await useCases.startEmailVerification(asker, { sessionId }, fields.email, replaces));
    },

    async completeEmailVerification(request, call) {
      const { device: on, ...typed } = checked(codeFields, request);
      const { id } = await useCases.completeEmailVerification({ ...by(call), place: on, ...typed });
      return { identityId: id };
    },
  };
}
