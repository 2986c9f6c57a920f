import { z } from 'zod';
import { checked, device, identityId, secretText, textBytes, textCharacters } from '../../contract/fields.ts';
import type {
  ChangePasswordRequest,
  ChangePasswordResponse,
  SetPasswordRequest,
  SetPasswordResponse,
  SignInWithPasswordRequest,
  SignInWithPasswordResponse,
  SignUpWithPasswordRequest,
  SignUpWithPasswordResponse,
} from '../../contract/gen/trust/v1/password.ts';
import { identityFactsMessage, sessionMessage } from '../../contract/messages.ts';
import { pendingMessage } from '../../contract/mfa_messages.ts';
import type { Handler } from '../../contract/rpc.ts';
import { TYPE_MESSAGES } from '../identity/fields.ts';
import type { IdentifierType } from '../identity/identity.ts';
import type { ChangePassword, SetPassword } from './set_password.ts';
import type { SignInOutcome, SignInWithPassword } from './sign_in_with_password.ts';
import type { SignUpWithPassword } from './sign_up_with_password.ts';

export type PasswordRpc = {
  readonly signUpWithPassword: Handler<SignUpWithPasswordRequest, SignUpWithPasswordResponse>;
  readonly signInWithPassword: Handler<SignInWithPasswordRequest, SignInWithPasswordResponse>;
  readonly setPassword: Handler<SetPasswordRequest, SetPasswordResponse>;
  readonly changePassword: Handler<ChangePasswordRequest, ChangePasswordResponse>;
};

/** The handlers of PasswordService. */
export function passwordRpc(useCases: {
  readonly signUpWithPassword: SignUpWithPassword;
  readonly signInWithPassword: SignInWithPassword;
  readonly setPassword: SetPassword;
  readonly changePassword: ChangePassword;
}): PasswordRpc {
  return {
    async signUpWithPassword(request, { tenantId, caller }) {
      const { guestSessionId, ...fields } = checked(signUpFields, request);
      const guest = guestSessionId === '' ? undefined : guestSessionId;
      const who = { tenantId, actor: caller.service, address: fields.device.ipAddress, guestSessionId: guest };
      return outcomeMessage(await useCases.signUpWithPassword({ ...fields, ...who }));
    },

    async signInWithPassword(request, { tenantId, caller }) {
      const fields = checked(signInFields, request);
      const who = { tenantId, actor: caller.service, address: fields.device.ipAddress };
      return outcomeMessage(await useCases.signInWithPassword({ ...fields, ...who }));
    },

    async setPassword(request, { tenantId, caller }) {
      const fields = checked(z.object({ identityId, password: z.string() }), request);
      const { epoch } = await useCases.setPassword({ ...fields, tenantId, actor: caller.service });
      return { epoch: BigInt(epoch) };
    },

    async changePassword(request, { tenantId, caller }) {
      const { sessionId, currentPassword: current, password, device: on } = checked(changeFields, request);
      const who = { tenantId, actor: caller.service, name: { sessionId }, place: on };
      const { epoch } = await useCases.changePassword({ ...who, current, password });
      return { epoch: BigInt(epoch) };
    },
  };
}

const TYPES = Object.keys(TYPE_MESSAGES) as IdentifierType[];

const identifierType = z.number().transform((value, context): IdentifierType => {
  const type = TYPES.find((one) => TYPE_MESSAGES[one] === value);
  if (type !== undefined) return type;
  context.addIssue('must be EMAIL, PHONE or USERNAME');
  return z.NEVER;
});

// The password's own bounds are the rules' business (spec PWD-1), so that pages and calls share them.
const signInFields = z.object({
  identifierType,
  identifier: textBytes(254).min(1, 'is required'),
  password: z.string(),
  device,
  deviceToken: textBytes(256),
  proofOfWork: textBytes(2_048),
});

const changeFields = z.object({ sessionId: secretText, currentPassword: z.string(), password: z.string(), device });

const signUpFields = signInFields
  .omit({ deviceToken: true })
  .extend({ displayName: textCharacters(128), guestSessionId: textBytes(256) });

function outcomeMessage({ created, pending }: SignInOutcome) {
  if (created === undefined) {
    return { sessionId: '', session: undefined, identity: undefined, pending: pendingMessage(pending) };
  }
  const { sessionId, session, identity } = created;
  return {
    sessionId,
    session: sessionMessage(session),
    identity: identityFactsMessage(identity),
    pending: undefined,
  };
}
