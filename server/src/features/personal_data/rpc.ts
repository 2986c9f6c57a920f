import { z } from 'zod';
import { checked, identityId, secretText } from '../../contract/fields.ts';
import type {
  ExportIdentityRequest,
  ExportIdentityResponse,
  RequestDeletionRequest,
  RequestDeletionResponse,
} from '../../contract/gen/trust/v1/identity.ts';
import { timestamp } from '../../contract/messages.ts';
import type { Handler } from '../../contract/rpc.ts';
import type { RequestDeletion } from './deletion.ts';
import type { ExportIdentity } from './export_identity.ts';

export type PersonalDataRpc = {
  readonly requestDeletion: Handler<RequestDeletionRequest, RequestDeletionResponse>;
  readonly exportIdentity: Handler<ExportIdentityRequest, ExportIdentityResponse>;
};

/** The handlers of what a person may ask about their own data. */
export function personalDataRpc(useCases: {
  readonly requestDeletion: RequestDeletion;
  readonly exportIdentity: ExportIdentity;
}): PersonalDataRpc {
  return {
    async requestDeletion(request, { tenantId, caller }) {
      const { sessionId } = checked(z.object({ sessionId: secretText }), request);
      const at = await useCases.requestDeletion({ tenantId, actor: caller.service, sessionId });
      return { deletionAt: timestamp(at) };
    },

    async exportIdentity(request, { tenantId }) {
      const fields = checked(z.object({ identityId }), request);
      return { json: await useCases.exportIdentity(tenantId, fields.identityId) };
    },
  };
}
