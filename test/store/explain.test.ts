// No read path walks a whole table.
import assert from 'node:assert/strict';
import type { Invitation } from '../../server/src/features/invitation/invitation.ts';
import { chainStore } from '../../server/src/store/audit_chain_store.ts';
import { auditStore } from '../../server/src/store/audit_store.ts';
import { changeStore } from '../../server/src/store/change_store.ts';
import type { Database } from '../../server/src/store/database.ts';
import { openDatabase } from '../../server/src/store/database.ts';
import { openDialect } from '../../server/src/store/dialects/dialect.ts';
import { identityStore } from '../../server/src/store/identity_store.ts';
import { invitationStore } from '../../server/src/store/invitation_store.ts';
import { migrate } from '../../server/src/store/migrate.ts';
import { organisationStore } from '../../server/src/store/organisation_store.ts';
import { passwordStore } from '../../server/src/store/password_store.ts';
import { purgeStore } from '../../server/src/store/purge_store.ts';
import { serviceKeyStore } from '../../server/src/store/service_key_store.ts';
import { serviceStore } from '../../server/src/store/service_store.ts';
import { sessionStore } from '../../server/src/store/session_store.ts';
import { signInCodeStore } from '../../server/src/store/sign_in_code_store.ts';
import { signingKeyStore } from '../../server/src/store/signing_key_store.ts';
import { tenantStore } from '../../server/src/store/tenant_store.ts';
import { webhookStore } from '../../server/src/store/webhook_store.ts';
import { onEachDatabase } from './databases.ts';
import {
  event,
  identity,
  NO_TRAIL,
  NOW,
  service,
  serviceKey,
  session,
  signInCode,
  signingKey,
  tenant,
} from './fixtures.ts';
import { PLANS, type Said } from './plans.ts';

const nothing = async () => {};
const nextPage = { limit: 5, after: { at: NOW, id: 'x' } };

/** Every call of a port that reads or looks up, by name. */
function calls(database: Database): Record<string, () => Promise<unknown>> {
  const sessions = sessionStore(database, nothing);
  const identities = identityStore(database, nothing);
  const organisations = organisationStore(database, nothing);
  const invitations = invitationStore(database, nothing);
  const passwords = passwordStore(database, nothing);
  const codes = signInCodeStore(database, nothing);
  const services = serviceStore(database, nothing);
  const keys = serviceKeyStore(database, nothing);
  const signing = signingKeyStore(database, nothing);
  const tenants = tenantStore(database, nothing);
  const audit = auditStore(database);
  const changes = changeStore(database);
  const purges = purgeStore(database);
  const chain = chainStore(database);
  const webhooks = webhookStore(database, nothing);
  const [idn, ses, svc, code, sgk] = [identity('t'), session('t'), service('t'), signInCode('t'), signingKey('t')];
  const invitation = { tenantId: 't', id: 'v', organisationId: 'o', email: 'e', createdAt: NOW } as Invitation;
  const key = serviceKey(svc);
  const active = { tenantId: 't', identityId: 'i', epoch: 1, now: NOW };
  return {
    'sessions.readByDigest': () => sessions.readByDigest('t', 'd'),
    'sessions.readByHandle': () => sessions.readByHandle('t', 'h'),
    'sessions.replace': () => sessions.replace(ses, ses, NO_TRAIL),
    'sessions.replace, which ends it and those begun from it': async () => {
      const owner = session('t');
      await sessions.insert(owner, NO_TRAIL);
      const acting = {
        kind: 'agent' as const,
        actor: 'a',
        reason: '',
        service: 's',
        key: 'k',
        parent: owner.handle,
        scope: [],
      };
      await sessions.insert(session('t', { acting }), NO_TRAIL);
      await sessions.replace(owner, { ...owner, version: 2, revokedAt: NOW }, NO_TRAIL);
    },
    'sessions.listActive': () => sessions.listActive(active, { limit: 5 }),
    'sessions.listActive, next page': () => sessions.listActive(active, nextPage),
    'sessions.recordUse': () => sessions.recordUse([{ tenantId: 't', handle: 'h', usedAt: NOW }]),
    'identities.read': () => identities.read('t', 'i'),
    'identities.readByIdentifier': () => identities.readByIdentifier('t', 'email', 'v'),
    'identities.replace': () => identities.replace(idn, idn, NO_TRAIL),
    'identities.remove': async () => {
      await identities.insert(idn, NO_TRAIL);
      await identities.remove(idn, NO_TRAIL);
    },
    'identities.due': () => identities.due(NOW, 5),
    'identities.list': () => identities.list('t', { limit: 5 }),
    'identities.list, next page': () => identities.list('t', nextPage),
    'organisations.read': () => organisations.read('t', 'o'),
    'organisations.list, next page': () => organisations.list('t', nextPage),
    'organisations.listMembers': () => organisations.listMembers('t', 'o', { limit: 5 }),
    'organisations.listMembers, next page': () => organisations.listMembers('t', 'o', nextPage),
    'organisations.listMemberships, next page': () => organisations.listMemberships('t', 'i', nextPage),
    'organisations.readFacts': () => organisations.readFacts('t', 'o', 'i'),
    'organisations.change': () =>
      organisations.change({ tenantId: 't', organisationId: 'o', identityId: 'i' }, () => undefined),
    'organisations.setActive': () => organisations.setActive(ses, 'o', NO_TRAIL),
    'organisations.remove': () => organisations.remove('t', 'o', NO_TRAIL),
    'invitations.insert': () => invitations.insert(invitation, 5, NO_TRAIL),
    'invitations.readByDigest': () => invitations.readByDigest('t', 'd'),
    'invitations.list, next page': () => invitations.list('t', 'o', nextPage),
    'invitations.revoke': () => invitations.revoke('t', 'o', 'v', NOW, NO_TRAIL),
    'invitations.accept': () => invitations.accept(invitation, { identityId: 'i' }, NOW, () => assert.fail()),
    'passwords.read': () => passwords.read('t', 'i'),
    'passwords.rehash': () => passwords.rehash('t', 'i', 'a', 'b'),
    'signInCodes.spend': async () => {
      await codes.insert(code, NO_TRAIL);
      await codes.spend('t', code.digest, 'h', NOW);
      await codes.spend('t', code.digest, 'h', NOW);
    },
    'signInCodes.wasReplayed': () => codes.wasReplayed('t', 'd'),
    'services.put': async () => {
      await services.put(svc, NO_TRAIL);
      await services.put(svc, NO_TRAIL);
    },
    'services.read': () => services.read('t', 'n'),
    'services.list': () => services.list('t', 5, 'n'),
    'services.readByCertificateNames': () => services.readByCertificateNames(['a', 'b']),
    'serviceKeys.insert and rotate': async () => {
      await services.put(svc, NO_TRAIL);
      await keys.insert(key, NOW, 2, NO_TRAIL);
      await keys.rotate(key, { ...key, id: 'next' }, NOW + 9, NOW, 2, NO_TRAIL);
    },
    'serviceKeys.readWithService': () => keys.readWithService('k'),
    'serviceKeys.read': () => keys.read('t', 'k'),
    'serviceKeys.revoke': () => keys.revoke('t', 'k', NOW, NO_TRAIL),
    'serviceKeys.list': () => keys.list('t', 's', NOW, 5),
    'services.remove': () => services.remove('t', svc.name, NO_TRAIL, NOW),
    'signingKeys.list': () => signing.list('t'),
    'signingKeys.apply': () => signing.apply('t', [], [], [{ before: sgk, after: sgk }], NO_TRAIL),
    'tenants.read': () => tenants.read('t'),
    'tenants.readByHost': () => tenants.readByHost('t.example'),
    'tenants.list': () => tenants.list(5, 't'),
    'tenants.insert': () => tenants.insert(tenant({ publicUrl: 'https://t.example' }), NO_TRAIL),
    'tenants.suspend': () => tenants.suspend(tenant({ id: 't' }), tenant({ id: 't' }), NOW, () => NO_TRAIL),
    'tenants.replace': () => tenants.replace(tenant(), tenant(), NO_TRAIL),
    'audit.list': () => audit.list({ tenantId: 't' }, { limit: 5 }),
    'audit.list, next page': () => audit.list({ tenantId: 't' }, nextPage),
    'audit.list by identity': () => audit.list({ tenantId: 't', identityId: 'i' }, nextPage),
    'audit.endings': () => audit.endings({ tenantId: 't', handle: 'h', identityId: 'i', createdAt: 1 }, 5),
    'audit.beginning': () => audit.beginning({ tenantId: 't', handle: 'h' }, 1, 2),
    'webhooks.list': () => webhooks.list('t'),
    // The rows that fill tables here are no webhooks.
    'webhooks.due': () => webhooks.due(5).catch(() => undefined),
    'webhooks.claim': () => webhooks.claim({ tenantId: 't', id: 'w', claim: 1 } as never, 5),
    'webhooks.rewind': () => webhooks.rewind('t', 'w', 1, NO_TRAIL),
    'webhooks.eventsAfter': () => webhooks.eventsAfter('t', 1, 5),
    'audit.list by action': () => audit.list({ tenantId: 't', action: 'a' }, nextPage),
    'changes.readAfter': () => changes.readAfter(5, 5),
    'changes.readGaps': () => changes.readGaps([{ from: 3, to: 5 }], 5),
    'changes.positionBefore': () => changes.positionBefore(60_000),
    'changes.readRecent': () => changes.readRecent('t', 60_000, 5, 5),
    'purges.purge session': () => purges.purge('session', 1, 5),
    'purges.purge sign_in_code': () => purges.purge('sign_in_code', 1, 5),
    'purges.purge pending_sign_in': () => purges.purge('pending_sign_in', 1, 5),
    'purges.purge mail_proof': () => purges.purge('mail_proof', 1, 5),
    'purges.purge oauth_attempt': () => purges.purge('oauth_attempt', 1, 5),
    'purges.purge passkey_challenge': () => purges.purge('passkey_challenge', 1, 5),
    'purges.purge remembered_device': () => purges.purge('remembered_device', 1, 5),
    'purges.purge mail': () => purges.purge('mail', 1, 5),
    'chain.seal': async () => {
      await audit.append([event('t')]);
      await chain.seal(5, (tenantId, _newest, events) => ({
        places: events.map((_, place) => ({ seq: place + 1, hash: 'h' })),
        checkpoint: { tenantId, kind: 'seal', seq: events.length, token: 't' },
        superseded: { tenantId, kind: 'seal', seq: 0, token: 't' },
      }));
    },
    'chain.cut': async () => {
      const checkpoint = { tenantId: 'old', kind: 'seal', seq: 1, token: 't' } as const;
      await audit.append([event('old')]);
      await chain.seal(500, (tenantId, _newest, events) => ({
        places: events.map((_, place) => ({ seq: place + 1, hash: 'h' })),
        checkpoint: { ...checkpoint, tenantId },
        superseded: undefined,
      }));
      await chain.cut(NOW + 1, ([seal]) => seal && { ...seal, kind: 'cut' });
    },
    'chain.chained': () => chain.chained({ seq: 1, tenantId: 'a' }, 5),
    'chain.checkpoints': () => chain.checkpoints('a', { tenantId: 'a', kind: 'seal', seq: 1, token: '' }, 5),
    'chain.unchained': () => chain.unchained(),
    'changes.prune': () => changes.prune(60_000, 5),
  };
}

onEachDatabase('plans', (database) => {
  let opened: Database;
  const said: Said[] = [];
  const plans = PLANS[database.dialect];
  const recording = (): Database => ({
    ...opened,
    reader: {
      ...opened.reader,
      rows: (statement, values) => {
        said.push({ sql: statement.sql, values });
        return opened.reader.rows(statement, values);
      },
    },
  });

  before(async function () {
    this.timeout(60_000);
    const open = await openDialect(await database.create(), () => {});
    const first = await openDatabase(open, () => {});
    await migrate(first);
    await first.close();
    opened = await openDatabase(open, () => {});
    await plans.prepare(opened);
    const logger = opened.orm.config.getLogger();
    logger.logQuery = (context) => {
      // Those of the ORM have their values in them.
      const { query, formatted, params } = context as { query: string; formatted?: string; params: unknown[] };
      let place = 0;
      const sql = formatted ?? query.replaceAll('?', () => `$${++place}`);
      if (/^(select|with|update|delete)/i.test(sql)) said.push({ sql, values: formatted === undefined ? params : [] });
    };
  });
  after(() => opened?.close());

  // Only their names are wanted here.
  const anything: object = new Proxy(() => '', {
    get: (_, key) => (key === Symbol.toPrimitive ? () => '' : anything),
    apply: () => anything,
  });
  for (const name of Object.keys(calls(anything as Database))) {
    it(`${name} walks no table`, async () => {
      said.length = 0;
      await calls(recording())[name]?.();
      const statements = said.filter(({ sql }) => !/pg_advisory/.test(sql)).slice();
      assert.ok(statements.length > 0);
      for (const [place, statement] of statements.entries()) {
        assert.deepEqual(await plans.walks(opened, statement, place), [], statement.sql);
      }
    });
  }
});
