import { openStore, type Store } from '../../server/src/store/store.ts';
import { cascadeSuite } from './cascade_suite.ts';
import { changeSuite } from './change_suite.ts';
import { onEachDatabase } from './databases.ts';
import { identitySuite } from './identity_suite.ts';
import { invitationSuite } from './invitation_suite.ts';
import { knownDeviceSuite } from './known_device_suite.ts';
import { mailProofSuite } from './mail_proof_suite.ts';
import { mfaSuite } from './mfa_suite.ts';
import { oauthSuite } from './oauth_suite.ts';
import { organisationSuite } from './organisation_suite.ts';
import { outboxSuite } from './outbox_suite.ts';
import { rateLimitSuite } from './rate_limit_suite.ts';
import { serviceKeySuite } from './service_key_suite.ts';
import { sessionSuite } from './session_suite.ts';
import { signInCodeSuite } from './sign_in_code_suite.ts';
import { signingKeySuite } from './signing_key_suite.ts';
import { tenantSuite } from './tenant_suite.ts';
import { trailSuite } from './trail_suite.ts';

onEachDatabase('store', (database) => {
  let opened: Store;
  const store = () => opened;

  before(async function () {
    // The first that needs it waits for the server of the database, of Galera for three.
    this.timeout(60_000);
    opened = await openStore({ databaseUrl: await database.create() });
    await opened.migrate();
  });
  after(() => opened?.close());

  sessionSuite(store);
  identitySuite(store);
  signInCodeSuite(store);
  mfaSuite(store);
  organisationSuite(store);
  invitationSuite(store);
  oauthSuite(store);
  rateLimitSuite(store);
  outboxSuite(store);
  knownDeviceSuite(store);
  mailProofSuite(store);
  serviceKeySuite(store);
  signingKeySuite(store);
  tenantSuite(store);
  trailSuite(store);
  cascadeSuite(store);
  changeSuite(store);
});
