// ACC-9: what is kept of a person is in their copy of it, or is named here with its reason.
import assert from 'node:assert/strict';
import { ENTITIES } from '../../server/src/store/entities/all.ts';
import { read } from './sources.ts';

/** The member of the copy that tells each table. */
const TOLD: Readonly<Record<string, string>> = {
  audit_event: 'events',
  identifier: 'identifiers',
  known_device: 'known_devices',
  linked_account: 'linked_accounts',
  membership: 'memberships',
  passkey: 'factors',
  password: 'password',
  recovery_code: 'recovery_codes_left',
  session: 'sessions',
  totp: 'factors',
};

const UNTOLD: Readonly<Record<string, string>> = {
  mail_proof: 'a digest of a code that lives minutes',
  oauth_attempt: 'sealed secrets of a sign-in that lives minutes',
  pending_sign_in: 'digests of a sign-in that lives minutes',
  remembered_device: 'a digest and its end; the event device.remembered tells of it',
  sign_in_code: 'a digest of a code that lives a minute',
};

describe('the copy of what is kept of a person', () => {
  const tables = ENTITIES.map(({ meta }) => meta)
    .filter(({ properties }) => 'identityId' in properties)
    .map(({ tableName }) => tableName)
    .toSorted();

  it('ACC-9 each table with people in it is told, or named with the reason why not', () => {
    assert.deepEqual(tables, Object.keys({ ...TOLD, ...UNTOLD }).toSorted());
    const copy = read('server/src/features/personal_data/export_identity.ts');
    for (const member of Object.values(TOLD)) assert.match(copy, new RegExp(`\\b${member}\\b`));
  });
});
