import { z } from 'zod';
import { checked, device, metadata, textBytes } from '../../contract/fields.ts';
import type { CreateGuestRequest, CreateGuestResponse } from '../../contract/gen/trust/v1/identity.ts';
import { identityFactsMessage, sessionMessage } from '../../contract/messages.ts';
import type { Handler } from '../../contract/rpc.ts';
import { displayName } from '../identity/fields.ts';
import type { CreateGuest } from './create_guest.ts';

export type GuestRpc = { readonly createGuest: Handler<CreateGuestRequest, CreateGuestResponse> };

const guestFields = z.object({ displayName, metadata, device, proofOfWork: textBytes(2_048) });

/** The handler of guests. */
export function guestRpc(useCases: { readonly createGuest: CreateGuest }): GuestRpc {
  return {
    async createGuest(request, { tenantId, caller }) {
      const fields = checked(guestFields, request);
      const created = await useCases.createGuest({ ...fields, tenantId, actor: caller.service });
      return {
        sessionId: created.sessionId,
        session: sessionMessage(created.session),
        identity: identityFactsMessage(created.identity),
      };
    },
  };
}
