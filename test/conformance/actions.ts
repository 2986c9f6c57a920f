// What a step can do besides asking a probe.
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { PERSON } from '../support/issuer.ts';
import { mailedTo } from '../support/outbox_page.ts';
import { totpCode } from '../support/totp_code.ts';
import { visit } from './hosted_page.ts';
import type { Answer } from './probe.ts';
import type { Variables } from './values.ts';

/** What an action may use of the case that it runs in. */
export interface World {
  readonly publicUrl: string;
  readonly variables: Variables;
  /** Asks the probe of an actor. */
  ask(actor: string, action: string, given: unknown): Promise<Answer>;
  /** Sets up the probe of an actor with a service key, or with other settings; a new actor gets a probe. */
  configure(actor: string, settings: Readonly<Record<string, unknown>>): Promise<Answer>;
}

export type Action = (given: Record<string, unknown>, world: World, actor: string) => Promise<Answer>;

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) text = BASE62[Number(rest % 62n)] + text;
  return text.padStart(length, '0');
}

/** A well-formed secret of chapter 1 that nobody has issued. */
export function unknownSecret(prefix: string): string {
  const start = prefix + base62(BigInt(`0x${randomBytes(32).toString('hex')}`), 43);
  return start + base62(BigInt(crc32(start)), 6);
}

/** The variables that every case starts with. */
export function firstVariables(publicUrl: string): Variables {
  const hex = () => randomBytes(16).toString('hex');
  return new Map<string, unknown>([
    ['unique', randomBytes(5).toString('hex')],
    ['public_url', publicUrl],
    ['unknown_session_id', unknownSecret('ts_')],
    ['unknown_code', unknownSecret('tc_')],
    ['unknown_attempt', unknownSecret('ta_')],
    ['unknown_flow_token', unknownSecret('tf_')],
    ['unknown_service_key', unknownSecret(`tlk_${base62(BigInt(`0x${hex()}`), 16).slice(0, 16)}_`)],
    ['unknown_identity', `idn_${hex()}`],
    ['unknown_organisation', `org_${hex()}`],
    ['unknown_handle', `ses_${hex()}`],
    ['unknown_account', `lac_${hex()}`],
    ['unknown_invitation', `inv_${hex()}`],
    ['unknown_invitation_token', unknownSecret('ti_')],
    ['unknown_kid', `sgk_${hex()}`],
    ['unknown_key_id', base62(BigInt(`0x${hex()}`), 16).slice(0, 16)],
  ]);
}

export const ACTIONS: Readonly<Record<string, Action>> = {
  /** `{ secret, step? }`: what an authenticator app shows now, or so many time-steps later. */
  async totp_code(given) {
    const at = Date.now() + Number(given.step ?? 0) * 30_000;
    return { ok: { code: totpCode(String(given.secret), at) } };
  },

  /** A person with a password and an authenticator app, set up with the code before the present one. */
  async new_totp(_given, world, actor) {
    const identifier = `t-${randomBytes(6).toString('hex')}`;
    const password = `correct horse ${randomBytes(6).toString('hex')}`;
    const type = 'IDENTIFIER_TYPE_USERNAME';
    const up = await world.ask(actor, 'sign_up_with_password', { identifier_type: type, identifier, password });
    if ('error' in up) return up;
    const { session_id, session, identity } = up.ok as Record<string, Record<string, string>>;
    const subject = { session_id };
    const begun = await world.ask(actor, 'start_totp_enrollment', { subject });
    if ('error' in begun) return begun;
    const { secret, enrollment_token } = begun.ok as Record<string, string>;
    const code = totpCode(secret ?? '', Date.now() - 30_000);
    const done = await world.ask(actor, 'complete_totp_enrollment', { subject, enrollment_token, code });
    if ('error' in done) return done;
    const { factor, recovery_codes } = done.ok as { factor: { id: string }; recovery_codes: string[] };
    const facts = { identifier, password, session_id, secret, recovery_codes, factor: factor.id };
    return { ok: { ...facts, handle: session?.handle, identity: identity?.id } };
  },

  /** `{ authorization_url, person? }`: goes to the provider, where somebody says yes at once; `person` are claims that are other. */
  async go_elsewhere(given) {
    const url = new URL(String(given.authorization_url));
    url.searchParams.set(PERSON, JSON.stringify(given.person ?? {}));
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(10_000) });
    const back = new URL(answer.headers.get('location') ?? 'about:blank');
    return { ok: { callback_query: back.search.slice(1), redirect_uri: `${back.origin}${back.pathname}` } };
  },

  /** `{ to }`: the newest mail to an address, from the outbox of the development server: `subject`, `code`, `link` and the `token` in it. */
  async mailed(given, world) {
    return { ok: await mailedTo(world.publicUrl, String(given.to)) };
  },

  /** `{ actor, scopes, audiences?, name? }`: a service with a key, and a probe that calls with it. */
  async new_service(given, world, actor) {
    const who = String(given.actor);
    const name = String(given.name ?? `${who}-${world.variables.get('unique')}`);
    const rights = { scopes: given.scopes ?? [], audiences: given.audiences ?? [] };
    const put = await world.ask(actor, 'put_service', { name, ...rights });
    if ('error' in put) return put;
    const created = await world.ask(actor, 'create_service_key', { service: name });
    if ('error' in created) return created;
    const { service_key: key, key: facts } = created.ok as { service_key: string; key: { id: string } };
    world.variables.set(who, name);
    world.variables.set(`${who}_key`, key);
    world.variables.set(`${who}_key_id`, facts.id);
    return world.configure(who, { service_key: key, audience: name });
  },

  /** `{ name? }`: an identity with an e-mail address; the variable `name` (default `identity`) is its id. */
  async new_identity(given, world, actor) {
    const { name = 'identity', ...more } = given;
    const value = `${name}-${world.variables.get('unique')}@example.com`.replaceAll('_', '-');
    const identifiers = [{ type: 'IDENTIFIER_TYPE_EMAIL', value, verified: true }];
    const answer = await world.ask(actor, 'create_identity', { identifiers, ...more });
    if ('ok' in answer) world.variables.set(String(name), (answer.ok as { identity: { id: string } }).identity.id);
    return answer;
  },

  /** `{ name?, roles?, … }`: an organisation; the variable `name` (default `organisation`) is its id. */
  async new_organisation(given, world, actor) {
    const { name = 'organisation', ...more } = given;
    const request = { display_name: `${name} ${world.variables.get('unique')}`, ...more };
    const answer = await world.ask(actor, 'create_organisation', request);
    if ('ok' in answer)
      world.variables.set(String(name), (answer.ok as { organisation: { id: string } }).organisation.id);
    return answer;
  },

  /** `{ suffix?, … }`: a session, of a new identity if none is named; sets `session_id`, `handle` and `identity`, each with the suffix. */
  async new_session(given, world, actor) {
    const { suffix = '', ...request } = given;
    if (request.identity_id === undefined) {
      const name = `identity${suffix}`;
      const made = await ACTIONS.new_identity?.({ name }, world, actor);
      if (!made || 'error' in made) return made ?? { error: {} };
      request.identity_id = world.variables.get(name);
    }
    const answer = await world.ask(actor, 'create_session', request);
    if ('error' in answer) return answer;
    const { session_id: sessionId, session } = answer.ok as { session_id: string; session: { handle: string } };
    world.variables.set(`session_id${suffix}`, sessionId).set(`handle${suffix}`, session.handle);
    return answer;
  },

  /** Other settings for the probe of the step's actor, as of `configure` in chapter 8. */
  configure_actor: (given, world, actor) => world.configure(actor, given),

  /** `{}`: a PKCE verifier and its challenge. */
  async pkce() {
    const verifier = randomBytes(32).toString('base64url');
    return {
      ok: { code_verifier: verifier, code_challenge: createHash('sha256').update(verifier).digest('base64url') },
    };
  },

  hosted_sign_in: (given, world) => hosted('sign-in', given, world),
  hosted_sign_up: (given, world) => hosted('sign-up', given, world),

  /** `{ url }`: GET without following redirects; status, headers and, if it is JSON, the body. */
  async http_get(given) {
    const response = await fetch(String(given.url), { redirect: 'manual', signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    const json = (response.headers.get('content-type') ?? '').includes('json') ? JSON.parse(text) : undefined;
    return { ok: { status: response.status, headers: Object.fromEntries(response.headers), ...(json && { json }) } };
  },

  /** `{ seconds }`. */
  async wait(given) {
    await sleep(Number(given.seconds) * 1_000);
    return { ok: {} };
  },

  /** Gives back what it is given, to name or to compare values. */
  value: async (given) => ({ ok: given }),

  /** `{}`: what GetTrustKeys answers the actor, as a JWKS: `jwks`. */
  async trust_keys(_given, world, actor) {
    const answer = await world.ask(actor, 'get_trust_keys', {});
    if ('error' in answer) return answer;
    const { keys = [] } = answer.ok as { keys?: readonly { jwk: string }[] };
    return { ok: { jwks: { keys: keys.map(({ jwk }) => JSON.parse(jwk)) } } };
  },

  /** `{ token }`: header and payload of a Trust Token, unchecked. */
  async read_token(given) {
    const [header = '', payload = ''] = String(given.token).split('.');
    const parse = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return { ok: { header: parse(header), claims: parse(payload) } };
  },

  /** `{ text, at }`: the text with the character at `at` (from the end if negative) made another of the alphabet. */
  async spoil(given) {
    const text = String(given.text);
    const index = Number(given.at) < 0 ? text.length + Number(given.at) : Number(given.at);
    const other = BASE62[(BASE62.indexOf(text[index] ?? '') + 1) % 62] ?? '0';
    return { ok: { text: text.slice(0, index) + other + text.slice(index + 1) } };
  },
};

async function hosted(page: 'sign-in' | 'sign-up', given: Record<string, unknown>, world: World): Promise<Answer> {
  const { identifier, password, display_name: displayName = 'Ada', ...query } = given;
  const texts = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const answer = await visit({
    page,
    publicUrl: world.publicUrl,
    query: { code_challenge_method: 'S256', state: 'state-0123456789abcdef', ...texts },
    identifier: String(identifier),
    password: String(password),
    displayName: String(displayName),
  });
  return { ok: answer };
}
