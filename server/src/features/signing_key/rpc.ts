import { z } from 'zod';
import { checked, kid } from '../../contract/fields.ts';
import {
  type ListSigningKeysRequest,
  type ListSigningKeysResponse,
  type RetireSigningKeyRequest,
  type RetireSigningKeyResponse,
  type RotateSigningKeyRequest,
  type RotateSigningKeyResponse,
  type SigningKey as SigningKeyMessage,
  SigningKeyState,
} from '../../contract/gen/trust/v1/signing_key.ts';
import { optionalTimestamp, timestamp } from '../../contract/messages.ts';
import type { Handler } from '../../contract/rpc.ts';
import type { RetireSigningKey } from './retire_signing_key.ts';
import type { RotateSigningKey } from './rotate_signing_key.ts';
import type { SigningKey } from './signing_key.ts';
import type { SigningKeyStore } from './store.ts';

export type SigningKeyRpc = {
  readonly listSigningKeys: Handler<ListSigningKeysRequest, ListSigningKeysResponse>;
  readonly rotateSigningKey: Handler<RotateSigningKeyRequest, RotateSigningKeyResponse>;
  readonly retireSigningKey: Handler<RetireSigningKeyRequest, RetireSigningKeyResponse>;
};

/** The contract lists at most this many keys. */
const LISTED = 100;

/** The handlers of SigningKeyService. */
export function signingKeyRpc(useCases: {
  readonly listSigningKeys: SigningKeyStore['list'];
  readonly rotateSigningKey: RotateSigningKey;
  readonly retireSigningKey: RetireSigningKey;
}): SigningKeyRpc {
  return {
    async listSigningKeys(_request, { tenantId }) {
      const keys = await useCases.listSigningKeys(tenantId);
      return { keys: keys.slice(0, LISTED).map(signingKeyMessage) };
    },

    async rotateSigningKey(request, { tenantId, caller }) {
      const { alg, immediate } = checked(rotateFields, request);
      const input = { tenantId, actor: caller.service, alg: alg === '' ? undefined : alg, immediate };
      return { key: signingKeyMessage(await useCases.rotateSigningKey(input)) };
    },

    async retireSigningKey(request, { tenantId, caller }) {
      const fields = checked(z.object({ kid }), request);
      return {
        key: signingKeyMessage(await useCases.retireSigningKey({ ...fields, tenantId, actor: caller.service })),
      };
    },
  };
}

const rotateFields = z.object({
  alg: z.enum(['', 'EdDSA', 'ES256'], 'must be EdDSA or ES256'),
  immediate: z.boolean(),
});

const STATE = {
  pending: SigningKeyState.PENDING,
  active: SigningKeyState.ACTIVE,
  retiring: SigningKeyState.RETIRING,
  retired: SigningKeyState.RETIRED,
} as const;

function signingKeyMessage(key: SigningKey): SigningKeyMessage {
  return {
    kid: key.kid,
    alg: key.alg,
    state: STATE[key.state],
    createdAt: timestamp(key.createdAt),
    activatedAt: optionalTimestamp(key.activatedAt),
    retiringAt: optionalTimestamp(key.retiringAt),
    retiredAt: optionalTimestamp(key.retiredAt),
  };
}
