import { z } from 'zod';
import { checked, device, identityId, secretText, textBytes, textCharacters } from '../../contract/fields.ts';
import type {
  CompleteTotpEnrollmentRequest,
  CompleteTotpEnrollmentResponse,
  ForgetDevicesRequest,
  ForgetDevicesResponse,
  ListFactorsRequest,
  ListFactorsResponse,
  ProveRecoveryCodeRequest,
  ProveRecoveryCodeResponse,
  ProveTotpRequest,
  ProveTotpResponse,
  RegenerateRecoveryCodesRequest,
  RegenerateRecoveryCodesResponse,
  RemoveFactorRequest,
  RemoveFactorResponse,
  StartStepUpRequest,
  StartStepUpResponse,
  StartTotpEnrollmentRequest,
  StartTotpEnrollmentResponse,
} from '../../contract/gen/trust/v1/mfa.ts';
import { factorMessage, pendingMessage, signedInMessage, subject } from '../../contract/mfa_messages.ts';
import type { Handler } from '../../contract/rpc.ts';
import { doneFrom } from '../cascade/cascade.ts';
import type { PendingSignIns } from '../pending_sign_in/answer_sign_in.ts';
import type { EndSignIn } from '../pending_sign_in/end_sign_in.ts';
import type { ProveFactor } from '../pending_sign_in/prove_factor.ts';
import type { StartStepUp } from '../pending_sign_in/start_step_up.ts';
import { type ReadSubject, stepUpRequired } from '../pending_sign_in/subject.ts';
import type { ManageFactors } from './factors.ts';
import type { RegenerateRecoveryCodes } from './recovery_codes.ts';
import type { CompleteTotpEnrollment, StartTotpEnrollment } from './totp_enrollment.ts';

export type MfaRpc = {
  readonly proveTotp: Handler<ProveTotpRequest, ProveTotpResponse>;
  readonly proveRecoveryCode: Handler<ProveRecoveryCodeRequest, ProveRecoveryCodeResponse>;
  readonly startStepUp: Handler<StartStepUpRequest, StartStepUpResponse>;
  readonly startTotpEnrollment: Handler<StartTotpEnrollmentRequest, StartTotpEnrollmentResponse>;
  readonly completeTotpEnrollment: Handler<CompleteTotpEnrollmentRequest, CompleteTotpEnrollmentResponse>;
  readonly regenerateRecoveryCodes: Handler<RegenerateRecoveryCodesRequest, RegenerateRecoveryCodesResponse>;
  readonly listFactors: Handler<ListFactorsRequest, ListFactorsResponse>;
  readonly removeFactor: Handler<RemoveFactorRequest, RemoveFactorResponse>;
  readonly forgetDevices: Handler<ForgetDevicesRequest, ForgetDevicesResponse>;
};

/** The handlers of MfaService. */
export function mfaRpc(useCases: {
  readonly proveTotp: ProveFactor;
  readonly proveRecoveryCode: ProveFactor;
  readonly startStepUp: StartStepUp;
  readonly readSubject: ReadSubject;
  readonly startTotpEnrollment: StartTotpEnrollment;
  readonly completeTotpEnrollment: CompleteTotpEnrollment;
  readonly regenerateRecoveryCodes: RegenerateRecoveryCodes;
  readonly factors: ManageFactors;
  readonly pending: Pick<PendingSignIns, 'finish'>;
  readonly endSignIn: EndSignIn;
}): MfaRpc {
  /** Answers a pending sign-in and makes its session. */
  const answer = async (
    proveFactor: ProveFactor,
    actor: string,
    given: Omit<Parameters<ProveFactor>[0], 'actor'>,
    on: Parameters<EndSignIn>[2],
  ) => {
    const { proof, deviceToken, codesLeft = 0 } = await proveFactor({ ...given, actor });
    if (proof === undefined) throw new Error('a sign-in that was not held did not end');
    return { signedIn: signedInMessage(await useCases.endSignIn(proof, actor, on), deviceToken), codesLeft };
  };

  return {
    async proveTotp(request, { tenantId, caller }) {
      const fields = checked(totpFields, request);
      const { pendingToken: token, code, rememberDevice: remember } = fields;
      const given = { tenantId, token, code, remember, address: fields.device.ipAddress };
      const { signedIn } = await answer(useCases.proveTotp, caller.service, given, fields.device);
      return { signedIn };
    },

    async proveRecoveryCode(request, { tenantId, caller }) {
      const { pendingToken: token, recoveryCode: code, device: on } = checked(recoveryFields, request);
      return answer(useCases.proveRecoveryCode, caller.service, { tenantId, token, code, address: on.ipAddress }, on);
    },

    async startStepUp(request, { tenantId, caller }) {
      const { sessionId } = checked(z.object({ sessionId: secretText }), request);
      return {
        pending: pendingMessage(await useCases.startStepUp({ tenantId, actor: caller.service, sessionId })),
      };
    },

    async startTotpEnrollment(request, { tenantId }) {
      const fields = checked(z.object({ subject }), request);
      const { identity } = await useCases.readSubject(tenantId, fields.subject);
      const { secret, otpauthUri, qrSvg, token } = await useCases.startTotpEnrollment(identity);
      return { secret, otpauthUri, qrSvg, enrollmentToken: token };
    },

    async completeTotpEnrollment(request, { tenantId, caller }) {
      const fields = checked(enrollmentFields, request);
      const actor = caller.service;
      const { identity, pending, within, enrolled } = await useCases.readSubject(tenantId, fields.subject);
      const { enrollmentToken: token, code, label } = fields;
      const { totp, recoveryCodes } = await useCases.completeTotpEnrollment({
        identity,
        actor,
        enrolled,
        within: doneFrom(within, fields.device),
        token,
        code,
        label,
      });
      const proof = pending && (await useCases.pending.finish(pending, 'totp'));
      const signedIn = proof && signedInMessage(await useCases.endSignIn(proof, actor, fields.device));
      return { factor: factorMessage({ ...totp, type: 'totp' }), recoveryCodes, signedIn };
    },

    async regenerateRecoveryCodes(request, { tenantId, caller }) {
      const { sessionId } = checked(z.object({ sessionId: secretText }), request);
      const { identity, within, enrolled, reauthentication } = await useCases.readSubject(tenantId, { sessionId });
      // Without a factor that they stand in for, there is nothing to recover.
      if (!enrolled) throw stepUpRequired(reauthentication);
      const input = { tenantId, actor: caller.service, identity, within };
      return { recoveryCodes: await useCases.regenerateRecoveryCodes(input) };
    },

    async listFactors(request, { tenantId }) {
      const fields = checked(z.object({ identityId }), request);
      const { factors, recoveryCodesLeft } = await useCases.factors.list(tenantId, fields.identityId);
      return { factors: factors.map(factorMessage), recoveryCodesLeft };
    },

    async removeFactor(request, { tenantId, caller }) {
      const { device: on, ...fields } = checked(z.object({ identityId, factorId, device }), request);
      const within = doneFrom({}, on);
      await useCases.factors.remove({ ...fields, tenantId, actor: caller.service, within });
      return {};
    },

    async forgetDevices(request, { tenantId, caller }) {
      const fields = checked(z.object({ identityId }), request);
      await useCases.factors.forgetDevices({ ...fields, tenantId, actor: caller.service });
      return {};
    },
  };
}

const factorId = z.string().regex(/^fac_[0-9a-f]{32}$/, 'must be fac_ and 32 lower-case hex digits');
const totpFields = z.object({ pendingToken: secretText, code: textBytes(16), rememberDevice: z.boolean(), device });
const recoveryFields = z.object({ pendingToken: secretText, recoveryCode: textBytes(64), device });
const enrollmentFields = z.object({
  subject,
  enrollmentToken: textBytes(512).min(1, 'is required'),
  code: textBytes(16),
  label: textCharacters(64),
  device,
});
