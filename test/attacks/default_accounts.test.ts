import assert from 'node:assert/strict';
import { composedServer } from '../support/composed_server.ts';

describe('attack: default accounts', () => {
  it('a new database holds no identity, no key beyond those that were asked for, and no guest', async () => {
    const server = await composedServer({ service: 'only' });
    try {
      const { identities } = await server.rpc.ok('IdentityService', 'listIdentities', {});
      const { services } = await server.rpc.ok('ServiceKeyService', 'listServices', {});
      const { keys } = await server.rpc.ok('ServiceKeyService', 'listServiceKeys', { service: 'only' });
      assert.deepEqual([identities, services.map(({ name }) => name), keys.length], [[], ['only'], 1]);
      const names = ['admin', 'root', 'sa', 'test', 'trust-layer', 'default'];
      for (const identifier of names) {
        for (const password of ['', identifier, 'password', 'changeme', '12345678']) {
          const attempt = { identifierType: 3 as const, identifier, password };
          const { reason } = await server.rpc.refused('PasswordService', 'signInWithPassword', attempt);
          assert.ok(['CREDENTIAL_REJECTED', 'INVALID_FIELD'].includes(reason), reason);
        }
      }
    } finally {
      await server.close();
    }
  });
});
