// TOK-10 to TOK-32 at the one place where the server itself accepts a Trust Token: every hostile token of the standard, and real ones in wrong hands.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SigningAlgorithm } from '../../server/src/features/signing_key/signing_key.ts';
import { composedServer } from '../support/composed_server.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import {
  freshName,
  newService,
  newSession,
  type SharedServer,
  sharedServer,
  verdictOf,
} from '../support/shared_server.ts';

type Vectors = {
  readonly jwks: {
    readonly keys: readonly (Record<string, string> & { readonly kid: string; readonly alg: string })[];
  };
  readonly groups: readonly {
    readonly verifier: {
      readonly issuer: string;
      readonly audience: string;
      readonly tenant_id: string;
      readonly now: number;
    };
    readonly vectors: readonly {
      readonly name: string;
      readonly class: string;
      readonly token: string;
      readonly expect: string;
    }[];
  }[];
};

const { jwks, groups } = JSON.parse(
  readFileSync(new URL('../../spec/vectors/trust_tokens.json', import.meta.url), 'utf8'),
) as Vectors;
const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const payloadOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
const headerOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Record<string, unknown>;

describe('attack: token confusion', function () {
  this.timeout(60_000);

  it('TOK-30 each vector of the standard gets its own code, from a server that knows the keys of the vectors', async () => {
    const [{ verifier, vectors } = { verifier: undefined, vectors: [] }] = groups;
    assert.ok(verifier !== undefined && vectors.length > 500);
    const frozen = verifier.now * 1_000;
    const early = { issuer: verifier.issuer, service: verifier.audience, frozen: frozen - 10_000 };
    const server = await composedServer(early);
    try {
      const usable = jwks.keys.filter(
        ({ kid, alg, kty, crv }) =>
          (kid !== undefined && alg === 'EdDSA' && crv === 'Ed25519') ||
          (kid !== undefined && alg === 'ES256' && kty === 'EC' && crv === 'P-256'),
      );
      const published = [...new Map(usable.map((jwk) => [jwk.kid, jwk])).values()];
      assert.ok(published.length >= 4);
      const times = { createdAt: frozen, activatedAt: frozen, retiringAt: frozen, retiredAt: undefined };
      const rows = published.map((jwk) => ({
        ...{ tenantId: 'default', kid: jwk.kid, alg: jwk.alg as SigningAlgorithm, state: 'retiring' as const },
        ...{ publicJwk: JSON.stringify(jwk), sealed: 'none', ...times },
      }));
      const known = (await server.store.signingKeys.list('default')).map(({ kid }) => kid);
      assert.ok(await server.store.signingKeys.apply('default', known, rows, [], { changes: [], events: [] }));
      // Old enough for the server to read its keys again.
      server.time.frozen = frozen;
      const wrong: string[] = [];
      for (const { name, class: kind, token, expect } of vectors) {
        const { reason, metadata, fields } = await server.rpc.refused('TrustTokenService', 'exchangeTrustToken', {
          trustToken: token,
          audience: 'dev',
        });
        // An accepted token still has a session that this server does not know; the size is a matter of the field.
        const tooLong = Buffer.byteLength(token) > 8_192 || token === '';
        const right =
          expect === 'ok'
            ? reason === 'SESSION_REJECTED'
            : tooLong
              ? reason === 'INVALID_FIELD' && fields[0]?.field === 'trust_token'
              : reason === 'TRUST_TOKEN_REJECTED' && metadata.code === expect;
        if (!right) wrong.push(`${kind}, ${name}: ${reason} ${metadata.code ?? ''}, not ${expect}`);
      }
      assert.deepEqual(wrong, []);
    } finally {
      await server.close();
    }
  });

  describe('on the real server', () => {
    let shared: SharedServer;
    let sessionId: string;
    let real: string;
    const callers = new Map<string, RpcCaller>();

    /** A caller that is this service, of these audiences. */
    async function as(name: string, audiences: readonly string[]): Promise<RpcCaller> {
      const known = callers.get(name);
      if (known !== undefined) return known;
      await shared.rpc.ok('ServiceKeyService', 'putService', {
        name,
        scopes: ['tokens:issue', 'tokens:exchange'],
        audiences: [...audiences],
      });
      const { serviceKey } = await shared.rpc.ok('ServiceKeyService', 'createServiceKey', { service: name });
      const caller = new RpcCaller(shared.server.grpcAddress, serviceKey);
      callers.set(name, caller);
      return caller;
    }

    const issue = async (audience = 'dev', scope: readonly string[] = []) =>
      (await shared.rpc.ok('TrustTokenService', 'issueTrustToken', { sessionId, audience, scope: [...scope] }))
        .trustToken;
    async function refusal(
      trustToken: string,
      rpc: RpcCaller = shared.rpc,
      more: { audience?: string; scope?: string[] } = {},
    ): Promise<string> {
      const { reason, metadata, fields } = await rpc.refused('TrustTokenService', 'exchangeTrustToken', {
        trustToken,
        audience: 'orders',
        ...more,
      });
      return metadata.code ?? fields[0]?.field ?? reason;
    }

    before(async () => {
      shared = await sharedServer();
      ({ sessionId } = await newSession(shared.rpc));
      real = await issue();
    });
    after(() => {
      for (const caller of callers.values()) caller.close();
    });

    it('no vector of the standard is accepted', async () => {
      for (const { token } of groups.flatMap(({ vectors }) => vectors).filter((_, place) => place % 4 === 0)) {
        const { reason } = await shared.rpc.refused('TrustTokenService', 'exchangeTrustToken', {
          trustToken: token,
          audience: 'orders',
        });
        assert.ok(['TRUST_TOKEN_REJECTED', 'INVALID_FIELD'].includes(reason), reason);
      }
    });

    it('a real token is accepted, so that what follows is refused for its own sake', async () => {
      const { trustToken } = await shared.rpc.ok('TrustTokenService', 'exchangeTrustToken', {
        trustToken: real,
        audience: 'orders',
      });
      assert.equal(payloadOf(trustToken).aud, 'orders');
    });

    it('algorithm confusion: none, HMAC with the public key, a key of the attacker, a key in the header', async () => {
      const { keys } = (await (await fetch(`${shared.server.publicUrl}/.well-known/jwks.json`)).json()) as {
        keys: Record<string, string>[];
      };
      const { kid } = headerOf(real) as { kid: string };
      const jwk = keys.find((key) => key.kid === kid) ?? {};
      const own = generateKeyPairSync('ed25519');
      const jose = { typ: 'trust+jwt', alg: 'EdDSA', kid };
      const signed = (header: unknown, key: KeyObject, payload: unknown = payloadOf(real)) => {
        const text = `${part(header)}.${part(payload)}`;
        return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
      };
      const hmac = (alg: string, secret: string | Buffer) => {
        const text = `${part({ ...jose, alg })}.${part(payloadOf(real))}`;
        return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
      };
      const ownJwk = { ...own.publicKey.export({ format: 'jwk' }), kid: 'own', alg: 'EdDSA' };
      const body = `${part(payloadOf(real))}`;
      const forged: readonly (readonly [string, string])[] = [
        [`${part({ ...jose, alg: 'none' })}.${body}.`, 'TOKEN_MALFORMED'],
        [`${part({ ...jose, alg: 'none' })}.${body}.${part('x')}`, 'TOKEN_ALGORITHM'],
        [`${part({ ...jose, alg: 'nOnE' })}.${body}.${part('x')}`, 'TOKEN_ALGORITHM'],
        [hmac('HS256', Buffer.from(jwk.x ?? '', 'base64url')), 'TOKEN_ALGORITHM'],
        [hmac('HS256', jwk.x ?? ''), 'TOKEN_ALGORITHM'],
        [hmac('HS256', JSON.stringify(jwk)), 'TOKEN_ALGORITHM'],
        [hmac('EdDSA', Buffer.from(jwk.x ?? '', 'base64url')), 'TOKEN_SIGNATURE'],
        [signed(jose, own.privateKey), 'TOKEN_SIGNATURE'],
        [signed({ ...jose, alg: 'ES256' }, own.privateKey), 'TOKEN_ALGORITHM'],
        [signed({ ...jose, kid: 'own' }, own.privateKey), 'TOKEN_KEY_UNKNOWN'],
        [signed({ ...jose, kid: '../../dev/null' }, own.privateKey), 'TOKEN_KEY_UNKNOWN'],
        [signed({ ...jose, kid: "' union select 1 --" }, own.privateKey), 'TOKEN_KEY_UNKNOWN'],
        [signed({ ...jose, kid: '__proto__' }, own.privateKey), 'TOKEN_KEY_UNKNOWN'],
        [signed({ ...jose, jwk: ownJwk }, own.privateKey), 'TOKEN_HEADER'],
        [signed({ ...jose, jku: 'http://127.0.0.1:9/jwks.json' }, own.privateKey), 'TOKEN_HEADER'],
        [signed({ ...jose, x5u: 'http://127.0.0.1:9/x' }, own.privateKey), 'TOKEN_HEADER'],
        [signed({ ...jose, crit: ['exp'] }, own.privateKey), 'TOKEN_HEADER'],
        [signed({ ...jose, typ: 'JWT' }, own.privateKey), 'TOKEN_TYPE'],
      ];
      for (const [token, code] of forged) assert.equal(await refusal(token), code, token.slice(0, 80));
    });

    it('a claim that was changed breaks the signature, whichever it is', async () => {
      const [header = '', , signature = ''] = real.split('.');
      const claims = payloadOf(real);
      const changes = {
        sub: `idn_${'0'.repeat(32)}`,
        aud: 'orders',
        exp: 2 ** 40,
        sid: `ses_${'0'.repeat(32)}`,
        tid: 'other',
        ver: 99,
        epoch: 99,
        acr: 'aal2',
        scope: 'admin',
        roles: ['admin'],
        extra: true,
      };
      for (const [name, value] of Object.entries(changes)) {
        assert.equal(
          await refusal(`${header}.${part({ ...claims, [name]: value })}.${signature}`),
          'TOKEN_SIGNATURE',
          name,
        );
      }
      const other = await issue('dev', ['other']);
      assert.equal(
        await refusal(`${header}.${other.split('.')[1]}.${signature}`),
        'TOKEN_SIGNATURE',
        'the claims of one, the signature of another',
      );
    });

    it('another spelling of the same token is not the token', async () => {
      const [header = '', payload = '', signature = ''] = real.split('.');
      const spellings = [
        `${real}=`,
        `${real}\n`,
        ` ${real}`,
        `${real} `,
        `${real}.`,
        `.${real}`,
        `${real}.${signature}`,
        `${header}.${payload}=.${signature}`,
        `Bearer ${real}`,
        real.replaceAll('.', '..'),
        `${header}.${payload}.${signature}\u0000`,
        `${header}. ${payload}.${signature}`,
      ];
      for (const spelling of spellings)
        assert.equal(await refusal(spelling), 'TOKEN_MALFORMED', JSON.stringify(spelling.slice(-20)));
      const last = signature.at(-1) ?? '';
      const twin = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const sibling = twin[twin.indexOf(last) ^ 1] ?? '';
      assert.equal(
        await refusal(`${header}.${payload}.${signature.slice(0, -1)}${sibling}`),
        'TOKEN_MALFORMED',
        'unused bits',
      );
      for (const none of ['', sessionId, 'x', '..', '{}'])
        assert.ok(['trust_token', 'TOKEN_MALFORMED'].includes(await refusal(none)));
      assert.notEqual(await verdictOf(shared.rpc, real.slice(0, 256)), 'active', 'a token is no session_id');
    });

    it('TOK-21 TOK-30 a token for one service is refused at every other, and by a service that is not its audience', async () => {
      const orders = await as(freshName('orders'), ['orders', 'dev']);
      const forBilling = await issue('billing');
      assert.equal(await refusal(forBilling), 'TOKEN_AUDIENCE', 'dev presents a token for billing');
      assert.equal(await refusal(real, orders), 'TOKEN_AUDIENCE', 'another presents a token for dev');
      assert.equal(await refusal(forBilling, orders), 'TOKEN_AUDIENCE');
    });

    it('TOK-32 an audience that is not among the own is refused, before the token is looked at', async () => {
      for (const audience of ['foreign', 'dev2', 'service-key']) {
        assert.equal(await refusal(real, shared.rpc, { audience }), 'AUDIENCE_NOT_ALLOWED');
        assert.equal(await refusal('nonsense', shared.rpc, { audience }), 'AUDIENCE_NOT_ALLOWED');
        assert.equal(
          (await shared.rpc.refused('TrustTokenService', 'issueTrustToken', { sessionId, audience })).reason,
          'AUDIENCE_NOT_ALLOWED',
        );
      }
      for (const audience of ['', 'Dev', 'dev ', 'dev,orders', '*'])
        assert.equal(await refusal(real, shared.rpc, { audience }), 'audience', audience);
    });

    it('TOK-31 a scope is never widened', async () => {
      const token = await issue('dev', ['read', 'write']);
      const asked = (scope: string[]) => refusal(token, shared.rpc, { scope });
      for (const scope of [['admin'], ['read', 'admin'], ['Read'], ['rea'], ['read:all'], ['*']])
        assert.equal(await asked(scope), 'SCOPE_WIDENED', scope.join());
      for (const scope of [['read write'], [''], ['read\n'], ['"read"']]) assert.equal(await asked(scope), 'scope[0]');
      assert.equal(await refusal(real, shared.rpc, { scope: ['read'] }), 'SCOPE_WIDENED', 'from nothing');
      const narrow = await shared.rpc.ok('TrustTokenService', 'exchangeTrustToken', {
        trustToken: token,
        audience: 'dev',
        scope: ['read'],
      });
      assert.equal(
        await refusal(narrow.trustToken, shared.rpc, { scope: ['write'] }),
        'SCOPE_WIDENED',
        'what was given up does not come back',
      );
    });

    it('TOK-31 a chain of 8 callers is the longest', async () => {
      let token = await issue();
      for (let link = 1; link <= 8; link += 1) {
        ({ trustToken: token } = await shared.rpc.ok('TrustTokenService', 'exchangeTrustToken', {
          trustToken: token,
          audience: 'dev',
        }));
      }
      let depth = 0;
      for (let act = payloadOf(token).act as { act?: never } | undefined; act !== undefined; act = act.act) depth += 1;
      assert.equal(depth, 8);
      assert.equal(await refusal(token, shared.rpc, { audience: 'dev' }), 'ACT_CHAIN_TOO_LONG');
    });

    it('an exchange gives no longer life than asked, and keeps what the chain began with', async () => {
      const { trustToken } = await shared.rpc.ok('TrustTokenService', 'issueTrustToken', {
        sessionId,
        audience: 'dev',
        lifetimeSeconds: 5,
        transactionContext: { sub: 'mallory', exp: '99999999999', __proto__x: 'y', 'a.b': '1' },
      });
      const exchanged = await shared.rpc.ok('TrustTokenService', 'exchangeTrustToken', {
        trustToken,
        audience: 'orders',
        lifetimeSeconds: 300,
      });
      const [before, now] = [payloadOf(trustToken), payloadOf(exchanged.trustToken)];
      for (const name of ['sub', 'sid', 'tid', 'auth_time', 'acr', 'amr', 'txn', 'tctx'])
        assert.deepEqual(now[name], before[name], name);
      assert.ok(Number(now.exp) - Number(now.iat) <= 300);
      assert.notEqual(now.sub, 'mallory');
      assert.notEqual(now.jti, before.jti);
      const tooLong = { trustToken, audience: 'orders', lifetimeSeconds: 301 };
      assert.equal(
        (await shared.rpc.refused('TrustTokenService', 'exchangeTrustToken', tooLong)).fields[0]?.field,
        'lifetime_seconds',
      );
    });

    it('TOK-30 a token of a session that ended is exchanged no more, however it ended', async () => {
      const ends = {
        revoked: (id: string, owner: string) =>
          shared.rpc.ok('SessionService', 'revokeSession', {
            target: { $case: 'sessionId', value: id },
            ...(owner && {}),
          }),
        everywhere: (_: string, owner: string) =>
          shared.rpc.ok('SessionService', 'revokeIdentitySessions', { identityId: owner }),
        disabled: (_: string, owner: string) =>
          shared.rpc.ok('IdentityService', 'disableIdentity', { identityId: owner }),
        deleted: (_: string, owner: string) =>
          shared.rpc.ok('IdentityService', 'deleteIdentity', { identityId: owner }),
      };
      for (const [name, end] of Object.entries(ends)) {
        const session = await newSession(shared.rpc);
        const { trustToken } = await shared.rpc.ok('TrustTokenService', 'issueTrustToken', {
          sessionId: session.sessionId,
          audience: 'dev',
        });
        await end(session.sessionId, session.identityId);
        assert.equal(await refusal(trustToken), 'SESSION_REJECTED', name);
      }
    });

    it('a service without the scope of an exchange gets none, even for itself', async () => {
      const idle = await newService(shared.rpc, ['tokens:issue'], ['dev']);
      const { failure } = await shared.rpc.call(
        'TrustTokenService',
        'exchangeTrustToken',
        { trustToken: real, audience: 'dev' },
        { authorization: `Bearer ${idle.key}` },
      );
      assert.equal(failure?.reason, 'SCOPE_MISSING');
    });
  });
});
