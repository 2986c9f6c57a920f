// A page token is a place in one list, and nothing else: forged, foreign and altered ones are refused, and none shows what the list does not hold.
import assert from 'node:assert/strict';
import type { Outcome } from '../support/rpc_caller.ts';
import {
  freshName,
  newIdentity,
  newService,
  newSession,
  type SharedServer,
  sharedServer,
} from '../support/shared_server.ts';

type Page = { readonly ids: readonly string[]; readonly next: string };
type Ask = (pageToken: string, pageSize?: number) => Promise<Page>;

describe('attack: page tokens', function () {
  this.timeout(60_000);
  let shared: SharedServer;
  let lists: Readonly<Record<string, Ask>>;
  let owner: string;
  let other: string;

  const sessionsOf =
    (identityId: string): Ask =>
    async (pageToken, pageSize = 2) => {
      const { sessions, nextPageToken } = await shared.rpc.ok('SessionService', 'listSessions', {
        identityId,
        pageToken,
        pageSize,
      });
      return { ids: sessions.map(({ handle }) => handle), next: nextPageToken };
    };

  before(async () => {
    shared = await sharedServer();
    const { rpc } = shared;
    [owner, other] = [await newIdentity(rpc), await newIdentity(rpc)];
    for (let count = 0; count < 7; count += 1) {
      await newSession(rpc, owner);
      await newSession(rpc, other);
      await newService(rpc, []);
      await newIdentity(rpc);
    }
    lists = {
      sessions: sessionsOf(owner),
      identities: async (pageToken, pageSize = 2) => {
        const page = await rpc.ok('IdentityService', 'listIdentities', { pageToken, pageSize });
        return { ids: page.identities.map(({ id }) => id), next: page.nextPageToken };
      },
      services: async (pageToken, pageSize = 2) => {
        const page = await rpc.ok('ServiceKeyService', 'listServices', { pageToken, pageSize });
        return { ids: page.services.map(({ name }) => name), next: page.nextPageToken };
      },
      events: async (pageToken, pageSize = 2) => {
        const page = await rpc.ok('AuditService', 'listAuditEvents', { pageToken, pageSize, identityId: owner });
        return { ids: page.events.map(({ id }) => id), next: page.nextPageToken };
      },
    };
  });

  const refused = async (list: string, pageToken: string): Promise<string> => {
    const { rpc } = shared;
    const request = { pageToken, pageSize: 2 };
    const calls: Readonly<Record<string, () => Promise<Outcome<unknown>>>> = {
      sessions: () => rpc.call('SessionService', 'listSessions', { ...request, identityId: owner }),
      identities: () => rpc.call('IdentityService', 'listIdentities', request),
      services: () => rpc.call('ServiceKeyService', 'listServices', request),
      events: () => rpc.call('AuditService', 'listAuditEvents', { ...request, identityId: owner }),
    };
    return (await calls[list]?.())?.failure?.reason ?? 'answered';
  };

  it('pages hold each row once, in any size of page', async () => {
    for (const [name, ask] of Object.entries(lists)) {
      const whole = await ask('', 100);
      for (const size of [1, 2, 3]) {
        const seen: string[] = [];
        for (let token = ''; seen.length <= whole.ids.length; ) {
          const { ids, next } = await ask(token, size);
          seen.push(...ids);
          assert.ok(ids.length <= size);
          token = next;
          if (token === '') break;
          if (seen.length >= 60) break;
        }
        assert.deepEqual(seen, whole.ids.slice(0, seen.length), name);
        assert.ok(seen.length === whole.ids.length || seen.length >= 60);
      }
    }
  });

  it('the token of one list is refused by every other', async () => {
    for (const [from, ask] of Object.entries(lists)) {
      const { next } = await ask('');
      assert.notEqual(next, '');
      for (const to of Object.keys(lists))
        assert.equal(await refused(to, next), from === to ? 'answered' : 'INVALID_PAGE_TOKEN', `${from} at ${to}`);
    }
  });

  it('what was never made by the server is refused', async () => {
    const made = (text: string) => Buffer.from(text).toString('base64url');
    for (const [list, ask] of Object.entries(lists)) {
      const { next } = await ask('');
      const forged = [
        ...['x', '0', '1', '-1', 'null', 'next', '{}', '[]', "' or '1'='1", '../..', '\u0000', '%00', 'AAAA'],
        ...[
          next.slice(0, -3),
          next.slice(3),
          `${next}AAAA`,
          `${next}=`,
          `${next} `,
          ` ${next}`,
          `${next}\n`,
          `${next},`,
          `${next}${next}`,
          next.toLowerCase(),
          `!${next}`,
        ],
        ...[
          made(JSON.stringify({ id: 1 })),
          ...[`sessions 1 tsh_${'0'.repeat(32)}`, `1 tsh_${'0'.repeat(32)}`].map(made),
          'A'.repeat(256),
          'A'.repeat(257),
          'A'.repeat(60_000),
        ],
      ];
      for (const token of forged) {
        if (token !== next)
          assert.equal(
            await refused(list, token),
            'INVALID_PAGE_TOKEN',
            `${list}: ${JSON.stringify(token.slice(0, 80))}`,
          );
      }
    }
  });

  it('ERR-8 a token is refused where the list is filtered by something else', async () => {
    const { next } = await sessionsOf(other)('');
    const request = { identityId: owner, pageToken: next, pageSize: 2 };
    assert.equal((await shared.rpc.refused('SessionService', 'listSessions', request)).reason, 'INVALID_PAGE_TOKEN');
    const events = await lists.events?.('');
    for (const filter of [{}, { identityId: other }, { identityId: owner, action: 'session.created' }]) {
      const asked = { ...filter, pageToken: events?.next ?? '', pageSize: 2 };
      assert.equal((await shared.rpc.refused('AuditService', 'listAuditEvents', asked)).reason, 'INVALID_PAGE_TOKEN');
    }
  });

  it('a token names no secret, and no size of page gives more than 100', async () => {
    const { ids } = await (lists.identities as Ask)('', 100);
    assert.ok(ids.length <= 100);
    for (const ask of Object.values(lists)) {
      const { next } = await ask('');
      assert.doesNotMatch(Buffer.from(next, 'base64url').toString('latin1'), /t[sc]_|tlk_/);
    }
    assert.equal(
      (await shared.rpc.refused('IdentityService', 'listIdentities', { pageSize: 101 })).reason,
      'INVALID_FIELD',
    );
    assert.equal(
      (await shared.rpc.refused('IdentityService', 'listIdentities', { pageToken: freshName() })).reason,
      'INVALID_PAGE_TOKEN',
    );
  });
});
