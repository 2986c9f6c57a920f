// A write of the hot path says to its database what a careful hand would say to the driver, and nothing beside it.
import assert from 'node:assert/strict';
import { type Database, openDatabase } from '../../server/src/store/database.ts';
import { openDialect } from '../../server/src/store/dialects/dialect.ts';
import { migrate } from '../../server/src/store/migrate.ts';
import { sessionStore } from '../../server/src/store/session_store.ts';
import { trailAppender } from '../../server/src/store/trail.ts';
import { onEachDatabase } from './databases.ts';
import { event, NO_TRAIL, NOW, newTenantId, session } from './fixtures.ts';

onEachDatabase('round trips', (database) => {
  let opened: Database;
  const said: string[] = [];

  before(async function () {
    this.timeout(60_000);
    const open = await openDialect(await database.create(), () => {});
    const first = await openDatabase(open, () => {});
    await migrate(first);
    await first.close();
    opened = await openDatabase(open, () => {});
    opened.orm.config.getLogger().logQuery = ({ query = '' }) => {
      said.push(query.replaceAll(/["`]/g, '').replace(/^(\w+ ?(?:into|.* from)? ?\w*).*$/s, '$1'));
    };
  });
  after(() => opened?.close());

  // Where positions are taken one after the other.
  const feed = database.name === 'galera' ? ['insert into named_lock'] : [];

  it('of CreateSession are two statements in a transaction, of RevokeSession four', async () => {
    const sessions = sessionStore(opened, trailAppender(opened));
    const tenantId = newTenantId();
    const [first, row] = [session(tenantId), session(tenantId)];
    // On some databases a connection is set up by what is said first.
    await sessions.insert(first, NO_TRAIL);
    said.length = 0;
    await sessions.insert(row, { changes: [], events: [event(tenantId)] });
    assert.deepEqual(said, ['begin', 'insert into session', 'insert into audit_event', 'commit']);
    said.length = 0;
    const change = { tenantId, kind: 'session', handle: row.handle, version: 2, revoked: true } as const;
    const trail = { changes: [change], events: [event(tenantId)] };
    assert.equal(await sessions.replace(row, { ...row, version: 2, revokedAt: NOW }, trail), true);
    assert.deepEqual(said, [
      'begin',
      'update session',
      'select handle, version from session',
      'insert into audit_event',
      ...feed,
      'insert into change',
      'commit',
    ]);
  });
});
