import { z } from 'zod';
import { checked, device, textBytes, textCharacters } from '../../contract/fields.ts';
import type {
  CompletePasskeyRegistrationRequest,
  CompletePasskeyRegistrationResponse,
  CompletePasskeySignInRequest,
  CompletePasskeySignInResponse,
  StartPasskeyRegistrationRequest,
  StartPasskeyRegistrationResponse,
  StartPasskeySignInRequest,
  StartPasskeySignInResponse,
} from '../../contract/gen/trust/v1/passkey.ts';
import { factorMessage, signedInMessage, subject } from '../../contract/mfa_messages.ts';
import type { Handler } from '../../contract/rpc.ts';
import { doneFrom } from '../cascade/cascade.ts';
import type { PendingSignIns } from '../pending_sign_in/answer_sign_in.ts';
import type { EndSignIn } from '../pending_sign_in/end_sign_in.ts';
import type { ReadSubject } from '../pending_sign_in/subject.ts';
import type { ProvePasskey, SignInWithPasskey, StartPasskeySignIn } from './prove_passkey.ts';
import type { CompletePasskeyRegistration, StartPasskeyRegistration } from './register_passkey.ts';

export type PasskeyRpc = {
  readonly startPasskeyRegistration: Handler<StartPasskeyRegistrationRequest, StartPasskeyRegistrationResponse>;
  readonly completePasskeyRegistration: Handler<
    CompletePasskeyRegistrationRequest,
    CompletePasskeyRegistrationResponse
  >;
  readonly startPasskeySignIn: Handler<StartPasskeySignInRequest, StartPasskeySignInResponse>;
  readonly completePasskeySignIn: Handler<CompletePasskeySignInRequest, CompletePasskeySignInResponse>;
};

/** The handlers of PasskeyService. */
export function passkeyRpc(useCases: {
  readonly readSubject: ReadSubject;
  readonly startPasskeyRegistration: StartPasskeyRegistration;
  readonly completePasskeyRegistration: CompletePasskeyRegistration;
  readonly startPasskeySignIn: StartPasskeySignIn;
  readonly signInWithPasskey: SignInWithPasskey;
  readonly provePasskey: ProvePasskey;
  readonly pending: Pick<PendingSignIns, 'finish'>;
  readonly endSignIn: EndSignIn;
}): PasskeyRpc {
  return {
    async startPasskeyRegistration(request, { tenantId }) {
      const fields = checked(z.object({ subject }), request);
      const { identity } = await useCases.readSubject(tenantId, fields.subject);
      return { optionsJson: await useCases.startPasskeyRegistration(identity) };
    },

    async completePasskeyRegistration(request, { tenantId, caller }) {
      const { credentialJson, label, ...fields } = checked(registrationFields, request);
      const actor = caller.service;
      const { identity, pending, within, enrolled } = await useCases.readSubject(tenantId, fields.subject);
      const done = { enrolled, within: doneFrom(within, fields.device) };
      const input = { identity, actor, ...done, credentialJson, label };
      const { passkey, recoveryCodes } = await useCases.completePasskeyRegistration(input);
      const proof = pending && (await useCases.pending.finish(pending, 'passkey_verified'));
      const signedIn = proof && signedInMessage(await useCases.endSignIn(proof, actor, fields.device));
      return { factor: factorMessage({ ...passkey, type: 'passkey' }), recoveryCodes, signedIn };
    },

    async startPasskeySignIn(request, { tenantId }) {
      const { pendingToken: token } = checked(z.object({ pendingToken: textBytes(256) }), request);
      return { optionsJson: await useCases.startPasskeySignIn(tenantId, token === '' ? undefined : { token }) };
    },

    async completePasskeySignIn(request, { tenantId, caller }) {
      const { pendingToken: token, credentialJson, rememberDevice, ...fields } = checked(signInFields, request);
      const actor = caller.service;
      const { proof, deviceToken } =
        token === ''
          ? { ...(await useCases.signInWithPasskey({ tenantId, actor, credentialJson })), deviceToken: undefined }
          : await useCases.provePasskey({
              tenantId,
              actor,
              token,
              credentialJson,
              remember: rememberDevice,
              address: fields.device.ipAddress,
            });
      if (proof === undefined) throw new Error('a passkey that verified its user did not end the sign-in');
      const signedIn = signedInMessage(await useCases.endSignIn(proof, actor, fields.device), deviceToken);
      return { signedIn };
    },
  };
}

const credentialJson = z
  .string()
  .min(1, 'is required')
  .refine((text) => Buffer.byteLength(text) <= 16 * 1024, 'must be at most 16 KiB');
const registrationFields = z.object({ subject, credentialJson, label: textCharacters(64), device });
const signInFields = z.object({ pendingToken: textBytes(256), credentialJson, rememberDevice: z.boolean(), device });
