import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { TrustError } from '../../server/src/errors/trust_error.ts';
import { removeEmail, renameIdentity } from '../../server/src/features/identity/change_identity.ts';
import { removeIdentity } from '../../server/src/features/identity/remove_identity.ts';
import { revokeIdentitySessions } from '../../server/src/features/identity/revoke_identity_sessions.ts';
import type { OauthProviders } from '../../server/src/features/oauth/store.ts';
import { createHasher } from '../../server/src/features/password/hasher.ts';
import { passwordStrength } from '../../server/src/features/password/password_rules.ts';
import { deletePerson } from '../../server/src/features/personal_data/deletion.ts';
import { exportIdentity } from '../../server/src/features/personal_data/export_identity.ts';
import { listSessions } from '../../server/src/features/session/list_sessions.ts';
import { revokeSession } from '../../server/src/features/session/revoke_session.ts';
import { type HttpOptions, startHttp } from '../../server/src/http/server.ts';
import { NOWHERE } from '../../server/src/kernel/place_name.ts';
import { passwordWorld } from './password_world.ts';

export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
export const STATE = 'a-state-of-thirty-two-characters';
export const RETURN_TO = 'http://localhost:3000/auth/callback';
export const PASSWORD = 'violet-otter-battery';

/** What the middleware puts into the query. */
export const FLOW = {
  return_to: RETURN_TO,
  state: STATE,
  code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
  code_challenge_method: 'S256',
};

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string };
export type Fields = Readonly<Record<string, string>>;
export type Sent = { readonly headers?: Record<string, string | string[]>; readonly body?: string | Buffer };

const nobody = async () => {
  throw new TrustError('INVITATION_REJECTED', { metadata: { state: 'unknown' } });
};
/** Nobody is invited: with a database their pages are tested in invitation.test.ts. */
const NO_INVITATIONS = { lookAtInvitation: nobody, acceptInvitation: nobody };

/** The hosted pages on a real socket, with real hashes, over memory stores. Close it when done. */
export async function httpWorld({
  hashQueue = 64,
  oauthProviders = [],
  port: given,
  ...options
}: Partial<HttpOptions> & {
  readonly hashQueue?: number;
  readonly oauthProviders?: OauthProviders;
  readonly port?: number;
} = {}) {
  const random = (size: number) => randomBytes(size);
  const strength = passwordStrength();
  const cost = { memoryKib: 19_456, passes: 2, concurrency: 1, queue: hashQueue, random };
  const world = passwordWorld({ strength, hasher: await createHasher(cost), oauthProviders });
  world.tenant.settings = {
    ...world.tenant.settings,
    returnTo: ['http://localhost/auth/callback', 'https://app.example.com/auth/callback'],
  };
  const port = given ?? (await freePort());
  const publicUrl = options.publicUrl ?? `http://127.0.0.1:${port}`;
  const logged: { level: string; fields: object; message: string }[] = [];
  const note = (level: string) => (fields: object, message: string) => logged.push({ level, fields, message });
  const http = await startHttp({
    address: { host: '127.0.0.1', port },
    publicUrl,
    dev: false,
    trustedProxies: [],
    formKey: Buffer.alloc(32, 7),
    authenticatePassword: world.authenticate,
    registerPassword: world.register,
    issueSignInCode: world.issue,
    settings: world.settings,
    mfa: world.useCases,
    oauth: world.oauth,
    account: {
      renameIdentity: renameIdentity(world),
      removeEmail: removeEmail(world),
      setPassword: world.setPassword,
      listSessions: listSessions(world),
      revokeSession: revokeSession(world),
      revokeIdentitySessions: revokeIdentitySessions(world),
      listEvents: world.stores.audit.list,
      deletePerson: deletePerson({ ...world, removeIdentity: removeIdentity(world) }),
      exportIdentity: exportIdentity({
        ...world,
        listSessions: listSessions(world),
        listFactors: world.useCases.factors.list,
        listEvents: world.stores.audit.list,
        listMemberships: world.stores.organisations.listMemberships,
        listAccounts: world.stores.oauth.list,
        listDevices: world.stores.knownDevices.list,
        hasPassword: async () => true,
      }),
    },
    readIdentity: world.readIdentity,
    placeName: NOWHERE,
    invitations: NO_INVITATIONS,
    askForWork: world.askForWork,
    pageTokens: world.pageTokens,
    email: world.email,
    jwks: async () => '{"keys":[]}',
    siteAt: async () => undefined,
    isSuspended: async () => false,
    ping: async () => {},
    log: { debug: note('debug'), warn: note('warn'), error: note('error') },
    clock: world.clock,
    ...options,
  });

  const send = (method: string, path: string, { headers = {}, body }: Sent = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, async (incoming) => {
        const chunks: Buffer[] = [];
        for await (const chunk of incoming) chunks.push(chunk);
        const text = Buffer.concat(chunks).toString();
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text });
      });
      sent.once('error', reject).end(body);
    });

  /** Opens a page as a browser that comes from the app; gives the cookie and the fields of its form. */
  const open = async (path = '/sign-in', flow: Fields = FLOW, cookie?: string) => {
    const query = new URLSearchParams(flow);
    const answer = await send('GET', `${path}?${query}`, { headers: cookie === undefined ? {} : { cookie } });
    const [, token = ''] = /name="form_token" value="([^"]*)"/.exec(answer.body) ?? [];
    const [pair = ''] = answer.headers['set-cookie']?.[0]?.split(';') ?? [];
    return { answer, cookie: pair, fields: { ...flow, form_token: token } as Fields };
  };

  /** Posts a form as a browser does from the page itself. */
  const post = (path: string, fields: Fields, sent: Sent & { cookie?: string } = {}) => {
    const { cookie, headers } = sent;
    const own = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };
    const held = cookie === undefined ? {} : { cookie };
    const body = sent.body ?? new URLSearchParams(fields).toString();
    return send('POST', path, { headers: { ...own, ...held, ...headers }, body });
  };

  /** Opens a page, fills its form and posts it. */
  const submit = async (path: '/sign-in' | '/sign-up', typed: Fields, flow: Fields = FLOW) => {
    const { cookie, fields } = await open(path, flow);
    return post(path, { ...fields, ...typed }, { cookie });
  };

  return {
    ...world,
    http,
    port,
    publicUrl,
    logged,
    send,
    open,
    post,
    submit,
    close: async () => {
      await http.close(200);
      await strength.close();
    },
  };
}

export type HttpWorld = Awaited<ReturnType<typeof httpWorld>>;

export const ADA = { identifier: 'ada@example.com', password: PASSWORD };

/** `code` and `state` of a redirect. */
export function redirected(answer: Answer): { place: string; code: string; state: string } {
  const url = new URL(answer.headers.location ?? 'about:blank');
  const place = `${url.origin}${url.pathname}`;
  return { place, code: url.searchParams.get('code') ?? '', state: url.searchParams.get('state') ?? '' };
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
