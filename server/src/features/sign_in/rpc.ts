import { z } from 'zod';
import { checked, device, secretText, textBytes } from '../../contract/fields.ts';
import type { ExchangeSignInCodeRequest, ExchangeSignInCodeResponse } from '../../contract/gen/trust/v1/sign_in.ts';
import { identityFactsMessage, sessionMessage } from '../../contract/messages.ts';
import type { Handler } from '../../contract/rpc.ts';
import type { ExchangeSignInCode } from './exchange_sign_in_code.ts';
import { MAX_RETURN_TO } from './return_to.ts';

export type SignInRpc = {
  readonly exchangeSignInCode: Handler<ExchangeSignInCodeRequest, ExchangeSignInCodeResponse>;
};

/** The handlers of SignInService. */
export function signInRpc(useCases: { readonly exchangeSignInCode: ExchangeSignInCode }): SignInRpc {
  return {
    async exchangeSignInCode(request, { tenantId, caller }) {
      const fields = checked(exchangeFields, request);
      const created = await useCases.exchangeSignInCode({ ...fields, tenantId, actor: caller.service });
      return {
        sessionId: created.sessionId,
        session: sessionMessage(created.session),
        identity: identityFactsMessage(created.identity),
        previousHandle: created.previous.handle,
        previousVersion: BigInt(created.previous.version),
      };
    },
  };
}

const exchangeFields = z.object({
  code: secretText,
  codeVerifier: z.string().regex(/^[A-Za-z0-9._~-]{43,128}$/, 'must be 43 to 128 of A-Z a-z 0-9 - . _ ~'),
  returnTo: textBytes(MAX_RETURN_TO).min(1, 'is required'),
  device,
  previousSessionId: textBytes(256),
});
