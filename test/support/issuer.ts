import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { readFields } from '../../server/src/kernel/form_fields.ts';

/** How an issuer misbehaves; all of it is honest unless said. */
export type Tricks = {
  readonly claims?: (claims: JWTPayload) => JWTPayload;
  /** `none`, or signed with a key that is not published under the published key's name. */
  readonly signature?: 'none' | 'foreign' | 'hs256' | 'broken';
  readonly metadata?: (metadata: Record<string, unknown>) => Record<string, unknown>;
  /** Answers a path itself. */
  readonly answer?: (path: string) => Response | Promise<Response> | undefined;
  /** `iss` of the reply; undefined leaves it out. */
  readonly iss?: string | undefined;
};

/** Parameter of an authorization request that says, in JSON, what is other about the person who answers it. */
export const PERSON = 'test_person';

type Grant = {
  readonly challenge: string | null;
  readonly nonce: string | null;
  readonly redirectUri: string | null;
  readonly claims: JWTPayload;
};

/** An OpenID provider of our own, honest or not, as a function of requests. Serve it on a socket, or hand its `fetch` to a client. */
export async function testIssuer(issuer: string, { clientId = 'client', clientSecret = 'secret' } = {}) {
  const [own, foreign] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  const grants = new Map<string, Grant>();
  const state: { tricks: Tricks } = { tricks: {} };
  const asked: string[] = [];
  const person: { claims: JWTPayload } = {
    claims: { sub: 'ada-1', email: 'ada@example.com', email_verified: true, name: 'Ada' },
  };

  const idToken = async (grant: Grant) => {
    const now = Math.floor(Date.now() / 1_000);
    const base = { ...grant.claims, iss: issuer, aud: clientId, iat: now, exp: now + 300 };
    const honest: JWTPayload = grant.nonce === null ? base : { ...base, nonce: grant.nonce };
    const claims = state.tricks.claims?.(honest) ?? honest;
    const { signature } = state.tricks;
    const text = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    if (signature === 'none') return `${text({ alg: 'none' })}.${text(claims)}.`;
    if (signature === 'hs256') {
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
        .sign(Buffer.from(clientSecret.padEnd(32, '0')));
    }
    const key = signature === 'foreign' ? foreign.privateKey : own.privateKey;
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(key);
    return signature === 'broken' ? `${token.slice(0, -8)}AAAAAAAA` : token;
  };

  const token = async (form: URLSearchParams): Promise<Response> => {
    const code = form.get('code') ?? '';
    const grant = grants.get(code);
    grants.delete(code);
    const refuse = (error: string, status = 400) => Response.json({ error }, { status });
    if (form.get('client_id') !== clientId || form.get('client_secret') !== clientSecret)
      return refuse('invalid_client', 401);
    if (grant === undefined || grant.redirectUri !== form.get('redirect_uri')) return refuse('invalid_grant');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (grant.challenge !== null && grant.challenge !== challenge) return refuse('invalid_grant');
    const tokens = { access_token: 'access-1', refresh_token: 'refresh-1', token_type: 'Bearer', expires_in: 300 };
    return Response.json({ ...tokens, id_token: await idToken(grant) });
  };

  const fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const { pathname } = new URL(url);
    const path = pathname.slice(new URL(issuer).pathname.replace(/\/$/, '').length);
    asked.push(path);
    const tricked = await state.tricks.answer?.(path);
    if (tricked !== undefined) return tricked;
    if (path === '/.well-known/openid-configuration') {
      const honest = {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        userinfo_endpoint: `${issuer}/me`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
        authorization_response_iss_parameter_supported: true,
      };
      return Response.json(state.tricks.metadata?.(honest) ?? honest);
    }
    if (path === '/jwks') return Response.json({ keys: [jwk] });
    if (path === '/token') return token(new URLSearchParams(String(init.body)));
    if (path === '/me') return Response.json(person.claims);
    return new Response('not here', { status: 404 });
  };

  return {
    issuer,
    clientId,
    clientSecret,
    fetch,
    /** Paths that were asked for, in order. */
    asked,
    person,
    play: (tricks: Tricks) => {
      state.tricks = tricks;
    },
    /** What the person's yes answers to an authorization request. */
    consent(authorizationUrl: string) {
      const query = new URL(authorizationUrl).searchParams;
      const code = randomBytes(12).toString('hex');
      const grant = {
        challenge: query.get('code_challenge'),
        nonce: query.get('nonce'),
        redirectUri: query.get('redirect_uri'),
        claims: { ...person.claims, ...(JSON.parse(query.get(PERSON) ?? '{}') as JWTPayload) },
      };
      grants.set(code, grant);
      const iss = 'iss' in state.tricks ? state.tricks.iss : issuer;
      return { code, state: query.get('state') ?? '', iss, error: undefined };
    },
  };
}

export type TestIssuer = Awaited<ReturnType<typeof testIssuer>>;

/** Serves an issuer on a free port of this machine. Its authorization endpoint says yes for the person at once. */
export async function servedIssuer() {
  let found: TestIssuer | undefined;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = `${found?.issuer}${request.url}`;
    if (request.url?.startsWith('/authorize?')) {
      const { redirect_uri: target = '' } = readFields(request.url.slice(request.url.indexOf('?') + 1)) ?? {};
      const reply = Object.entries(found?.consent(url) ?? {}).filter(
        (pair): pair is [string, string] => pair[1] !== undefined,
      );
      response.writeHead(303, { location: `${target}?${new URLSearchParams(reply)}` }).end();
      return;
    }
    const answer = await found?.fetch(url, { body: Buffer.concat(chunks).toString() });
    response.writeHead(answer?.status ?? 500, Object.fromEntries(answer?.headers ?? []));
    response.end(answer && Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  found = await testIssuer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { ...found, close };
}

/** The settings of a server that has the issuer for a provider. */
export const oauthEnv = ({
  issuer,
  clientId,
  clientSecret,
}: Pick<TestIssuer, 'issuer' | 'clientId' | 'clientSecret'>) => ({
  TRUST_OAUTH_PROVIDERS: 'acme',
  TRUST_OAUTH_ACME_ISSUER: issuer,
  TRUST_OAUTH_ACME_CLIENT_ID: clientId,
  TRUST_OAUTH_ACME_CLIENT_SECRET: clientSecret,
});
