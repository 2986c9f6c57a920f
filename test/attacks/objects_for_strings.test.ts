// Objects, lists and magic names where texts belong: map keys that are members of every object, operators of query languages, forms with structure.
import assert from 'node:assert/strict';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { visit } from '../conformance/hosted_page.ts';
import { freshName, newIdentity, newSession, type SharedServer, sharedServer } from '../support/shared_server.ts';

const MAGIC = [
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  '__lookupSetter__',
  'then',
  'toJSON',
  'length',
  '0',
  '$ne',
  '$gt',
  '$where',
  '$or',
  '@type',
  '[object Object]',
  "' or '1'='1",
] as const;
const RETURN_TO = 'http://localhost/auth/callback';

describe('attack: objects where strings belong', function () {
  this.timeout(60_000);
  let shared: SharedServer;
  before(async () => {
    shared = await sharedServer();
  });

  /** A map as the wire carries it, whatever its keys; what generated code would write goes through objects. */
  function mapField(number: number, entries: readonly (readonly [string, string])[]): Uint8Array {
    const writer = new BinaryWriter();
    for (const [key, value] of entries) {
      const entry = new BinaryWriter()
        .tag(1, WireType.LengthDelimited)
        .string(key)
        .tag(2, WireType.LengthDelimited)
        .string(value);
      writer.tag(number, WireType.LengthDelimited).bytes(entry.finish());
    }
    return writer.finish();
  }

  const identifierBytes = () => {
    const inner = new BinaryWriter()
      .tag(1, WireType.Varint)
      .int32(IdentifierType.USERNAME)
      .tag(2, WireType.LengthDelimited)
      .string(freshName('magic'));
    return new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(inner.finish()).finish();
  };

  /** Metadata of a new identity, as the server gives it back. */
  async function kept(entries: readonly (readonly [string, string])[]): Promise<ReadonlyMap<string, string>> {
    const bytes = Buffer.concat([identifierBytes(), mapField(5, entries)]);
    const { value, failure } = await shared.rpc.raw('/trust.v1.IdentityService/CreateIdentity', bytes);
    assert.equal(failure, undefined, JSON.stringify(failure?.fields));
    // CreateIdentityResponse: field 1 is the identity.
    const outer = value ?? Buffer.alloc(0);
    const id = /idn_[0-9a-f]{32}/.exec(outer.toString('latin1'))?.[0] ?? '';
    const { identity } = await shared.rpc.ok('IdentityService', 'getIdentity', { identityId: id });
    return new Map(Object.entries(identity?.metadata ?? {}));
  }

  it('map keys that are members of every object are keys like all others', async () => {
    const entries = MAGIC.map((key) => [key, `value of ${key}`] as const);
    assert.deepEqual(new Map([...(await kept(entries))].toSorted()), new Map(entries.toSorted()));
  });

  it('`__proto__` as a key changes nothing but its own map, and harms no other key', async () => {
    const found = await kept([
      ['__proto__', 'polluted'],
      ['plan', 'basic'],
    ]);
    assert.equal(found.get('plan'), 'basic');
    assert.ok(!found.has('polluted'));
    assert.equal((await kept([['plan', 'other']])).size, 1, 'the next map has its own keys only');
    const { sessionId } = await newSession(shared.rpc);
    const { verdict } = await shared.rpc.ok('SessionService', 'verify', { sessionId });
    assert.equal(verdict?.answer?.$case, 'active');
  });

  it('of a key that comes twice the last counts, as the wire format has it', async () => {
    const found = await kept([
      ['role', 'first'],
      ['role', 'last'],
    ]);
    assert.deepEqual([...found], [['role', 'last']]);
  });

  it('contexts of a token with such keys stay in their place and become no claims', async () => {
    const { sessionId } = await newSession(shared.rpc);
    const keys = ['sub', 'exp', 'aud', 'act', 'constructor', '$ne', '__proto__'];
    const bytes = Buffer.concat([
      new BinaryWriter()
        .tag(2, WireType.LengthDelimited)
        .string(sessionId)
        .tag(3, WireType.LengthDelimited)
        .string('orders')
        .finish(),
      mapField(
        6,
        keys.map((key) => [key, 'mallory'] as const),
      ),
    ]);
    const { value, failure } = await shared.rpc.raw('/trust.v1.TrustTokenService/IssueTrustToken', bytes);
    assert.equal(failure, undefined);
    const token = /[\w-]+\.[\w-]+\.[\w-]+/.exec((value ?? Buffer.alloc(0)).toString('latin1'))?.[0] ?? '';
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
    assert.match(String(claims.sub), /^idn_/);
    assert.equal(claims.aud, 'orders');
    assert.equal(typeof claims.exp, 'number');
    assert.equal(claims.act, undefined);
    assert.ok(Object.keys(claims.tctx as object).includes('constructor'));
  });

  it('texts that are operators elsewhere find, match and sort nothing', async () => {
    await newIdentity(shared.rpc);
    for (const text of [
      ...MAGIC,
      '{"$gt":""}',
      '{"$ne":null}',
      '[""]',
      '%',
      '_',
      '*',
      '.*',
      'a%',
      "x' or identifier like '%",
      '\\',
      '\\x00',
      ';--',
    ]) {
      const { reason } = await shared.rpc.refused('IdentityService', 'findIdentity', {
        type: IdentifierType.USERNAME,
        value: text,
      });
      assert.ok(['INVALID_FIELD', 'IDENTITY_NOT_FOUND'].includes(reason), text);
      const signIn = { identifierType: IdentifierType.USERNAME, identifier: text, password: text };
      assert.equal(
        (await shared.rpc.refused('PasswordService', 'signInWithPassword', signIn)).reason,
        'CREDENTIAL_REJECTED',
        text,
      );
      const { events } = await shared.rpc.ok('AuditService', 'listAuditEvents', { action: text });
      assert.deepEqual(events, []);
    }
  });

  describe('forms and queries', () => {
    const identifier = `${freshName('form')}@example.com`;
    const password = 'violet-otter-battery';
    const flow = {
      return_to: RETURN_TO,
      state: 'abcdefghijklmnop',
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
    };

    before(async () => {
      const { status } = await visit({
        page: 'sign-up',
        publicUrl: shared.server.publicUrl,
        query: flow,
        identifier,
        password,
        displayName: '',
      });
      assert.equal(status, 303);
    });

    /** A page that a browser has open: what its form holds, and its cookie. */
    async function opened() {
      const response = await fetch(`${shared.server.publicUrl}/sign-in?${new URLSearchParams(flow)}`);
      const token = /name="form_token" value="([^"]+)"/.exec(await response.text())?.[1] ?? '';
      const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
      assert.notEqual(token, '');
      return { cookie, fields: new URLSearchParams({ ...flow, form_token: token }).toString() };
    }

    async function submitted(typed: string, type = 'application/x-www-form-urlencoded'): Promise<Response> {
      const { cookie, fields } = await opened();
      const headers = { cookie, 'content-type': type, 'sec-fetch-site': 'same-origin' };
      const body = type === 'application/x-www-form-urlencoded' ? `${fields}&${typed}` : typed;
      return fetch(`${shared.server.publicUrl}/sign-in`, { method: 'POST', headers, body, redirect: 'manual' });
    }

    const good = () => new URLSearchParams({ identifier, password }).toString();

    it('the plain form signs in, so that what follows is refused for its own sake', async () => {
      assert.equal((await submitted(good())).status, 303);
    });

    it('fields with brackets, dots, doubles, or as JSON sign nobody in', async () => {
      const id = encodeURIComponent(identifier);
      const forms = [
        `identifier[$ne]=x&password[$ne]=x`,
        `identifier=${id}&password[$ne]=x`,
        `identifier=${id}&password[$gt]=`,
        `identifier=${id}&password[]=${password}`,
        `identifier[]=${id}&password=${password}`,
        `identifier=${id}&password.x=${password}`,
        `identifier=${id}&password=${password}&password=wrong`,
        `identifier=${id}&password=wrong&password=${password}`,
        `identifier=${id}&identifier=${id}&password=${password}`,
        `identifier=${id}&__proto__[password]=${password}`,
        `identifier=${id}&constructor[prototype][password]=${password}`,
        `identifier=${id}&Password=${password}`,
        `identifier=${id}&password%00=${password}`,
        `identifier=${id}&passwor%64=${password}&password=x`,
        `identifier=${id};password=${password}`,
      ];
      for (const typed of forms) {
        const response = await submitted(typed);
        assert.ok(response.status === 400 || response.status === 422, `${typed}: ${response.status}`);
        assert.equal(response.headers.get('location'), null);
      }
      for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
        assert.equal((await submitted(JSON.stringify({ identifier, password }), type)).status, 415);
      }
    });

    it('a query with lists or doubles opens no page', async () => {
      const query = new URLSearchParams(flow).toString();
      for (const more of [
        '&return_to=https://evil.example/',
        '&state=abcdefghijklmnopq',
        '&code_challenge_method=plain',
        '&return%5Fto=x',
      ]) {
        assert.equal((await fetch(`${shared.server.publicUrl}/sign-in?${query}${more}`)).status, 400, more);
      }
      for (const name of ['return_to', 'state', 'code_challenge']) {
        for (const spelling of [`${name}[]`, `${name}[0]`, `${name}[$ne]`, name.toUpperCase()]) {
          const asked = query.replace(`${name}=`, `${encodeURIComponent(spelling)}=`);
          assert.equal((await fetch(`${shared.server.publicUrl}/sign-in?${asked}`)).status, 400, spelling);
        }
      }
    });

    it('the longest state, challenge and return_to open the page, one more does not', async () => {
      const open = async (change: Record<string, string>) =>
        (await fetch(`${shared.server.publicUrl}/sign-in?${new URLSearchParams({ ...flow, ...change })}`)).status;
      assert.equal(await open({ state: 's'.repeat(256) }), 200);
      assert.equal(await open({ state: 's'.repeat(16) }), 200);
      for (const change of [
        { state: 's'.repeat(257) },
        { state: 's'.repeat(15) },
        { state: `${'s'.repeat(15)}\n` },
        { code_challenge: 'c'.repeat(42) },
        { code_challenge: 'c'.repeat(44) },
        { return_to: `${RETURN_TO}${'x'.repeat(2_048)}` },
      ]) {
        assert.equal(await open(change), 400, JSON.stringify(change).slice(0, 60));
      }
    });
  });
});
