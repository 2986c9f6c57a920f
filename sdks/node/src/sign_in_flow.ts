// The redirect flow (spec/04_sign_in.md) without a web framework: a request goes in, an answer comes out.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { clientFactsOf } from './client_facts.ts';
import { CookieJar, cookieValues, type Log, originOf } from './cookies.ts';
import { TrustLayerError } from './errors.ts';
import { safeReturnPath, toLocation } from './return_path.ts';
import { isSessionId, isSignInCode } from './session_id.ts';
import type { TrustClient } from './trust_client.ts';

/** Options of the redirect flow. */
export interface SignInFlowOptions {
  /** Spends the code and revokes the session. Its service needs the scopes `sign-in` and `sessions:revoke`. */
  readonly client: Pick<TrustClient, 'exchangeSignInCode' | 'revokeSession'>;
  /** Where the hosted pages are, such as `http://localhost:8080`. */
  readonly signInUrl: string;
  /** Origin of this app, such as `https://app.example`. Builds every link; `Host` and `Forwarded` never do. */
  readonly publicUrl: string;
  /** Path under which the routes are. Default `/auth`. */
  readonly basePath?: string | undefined;
  /** Gets the one line about plain HTTP on loopback. Default: `console.warn`. */
  readonly log?: Log | undefined;
}

/** What the flow reads of a request. */
export interface FlowRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Address of the client, for the list of devices; empty if not known. */
  readonly ipAddress?: string | undefined;
}

/** What is to be sent. */
export interface FlowAnswer {
  readonly status: number;
  /** Header names in lower case; `set-cookie` may hold several. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

interface Flow {
  readonly state: string;
  readonly verifier: string;
  readonly page: string;
}

const FLOW = /^([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{2,2800})$/;
const BASE_PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/;
const MAX_PAGE_BYTES = 2_000;

/** Makes an answer that no cache keeps and that tells no other site where it came from. */
export function answer(status: number, body: string, headers: FlowAnswer['headers'] = {}): FlowAnswer {
  return {
    status,
    // The address of the callback holds the code: it must reach neither a cache nor another site.
    headers: {
      'cache-control': 'no-store',
      'content-type': 'text/plain; charset=utf-8',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    body,
  };
}

/** Makes a redirect by GET (303). */
export function redirect(location: string, cookies: readonly string[]): FlowAnswer {
  return answer(303, '', { location, 'set-cookie': cookies });
}

function readFlow(value: string | undefined): Flow | undefined {
  const [, state, verifier, page] = FLOW.exec(value ?? '') ?? [];
  return state && verifier && page
    ? { state, verifier, page: safeReturnPath(Buffer.from(page, 'base64url').toString('utf8')) }
    : undefined;
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function one(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  return values.length === 1 ? values[0] : undefined;
}

/**
 * The routes of the redirect flow: `GET {base}/sign-in`, `GET {base}/sign-up`, `GET {base}/security` (where people look after
 * their second factors), `GET {base}/callback`, `POST {base}/sign-out`. The first three take the page to return to from the query `return_to`;
 * `level=aal2` asks for a second factor.
 */
export class SignInFlow {
  /** Path under which the routes are. */
  readonly basePath: string;
  readonly #client: SignInFlowOptions['client'];
  readonly #pages: string;
  readonly #origin: string;
  readonly #cookies: CookieJar;

  /** @throws TypeError if an option is malformed */
  constructor(options: SignInFlowOptions) {
    const { client, signInUrl, publicUrl, basePath = '/auth', log } = options;
    const pages = new URL(signInUrl);
    if ((pages.protocol !== 'https:' && pages.protocol !== 'http:') || pages.search !== '' || pages.hash !== '') {
      throw new TypeError('signInUrl must be an http or https URL without query');
    }
    if (!BASE_PATH.test(basePath)) {
      throw new TypeError('basePath must be a path such as /auth');
    }
    this.#client = client;
    this.#pages = pages.href.replace(/\/+$/, '');
    this.#origin = originOf(publicUrl);
    this.#cookies = new CookieJar(publicUrl, log);
    this.basePath = basePath;
  }

  /** The `return_to` of this app. It must be in the tenant's list exactly (RED-1). */
  get returnTo(): string {
    return `${this.#origin}${this.basePath}/callback`;
  }

  /** Answers a request to one of the routes; `undefined` for any other path. Never rejects. */
  async handle(request: FlowRequest): Promise<FlowAnswer | undefined> {
    const [path = '', query = ''] = request.url.split(/\?(.*)/s, 2);
    switch (path) {
      case `${this.basePath}/sign-in`:
        return this.#only('GET', request) ?? this.#begin('sign-in', query);
      case `${this.basePath}/sign-up`:
        return this.#only('GET', request) ?? this.#begin('sign-up', query);
      case `${this.basePath}/security`:
        return this.#only('GET', request) ?? this.#begin('security', query);
      case `${this.basePath}/callback`:
        return this.#only('GET', request) ?? this.#end(request, query);
      case `${this.basePath}/sign-out`:
        return this.#only('POST', request) ?? this.#signOut(request);
      default:
        return undefined;
    }
  }

  #only(method: string, request: FlowRequest): FlowAnswer | undefined {
    return request.method === method ? undefined : answer(405, 'Method not allowed', { allow: method });
  }

  #begin(page: 'sign-in' | 'sign-up' | 'security', query: string): FlowAnswer {
    const state = randomBytes(32).toString('base64url');
    const verifier = randomBytes(32).toString('base64url');
    const asked = new URLSearchParams(query);
    const wanted = safeReturnPath(one(asked, 'return_to'));
    const back = Buffer.byteLength(wanted) > MAX_PAGE_BYTES ? '/' : wanted;
    const parameters = new URLSearchParams({
      return_to: this.returnTo,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...(one(asked, 'level') === 'aal2' ? { acr_values: 'aal2' } : {}),
    });
    const flow = `${state}.${verifier}.${Buffer.from(back).toString('base64url')}`;
    return redirect(`${this.#pages}/${page}?${parameters}`, [this.#cookies.setFlow(flow)]);
  }

  async #end(request: FlowRequest, query: string): Promise<FlowAnswer> {
    const parameters = new URLSearchParams(query);
    const [code, state] = [one(parameters, 'code'), one(parameters, 'state')];
    const flow = readFlow(this.#cookies.readFlow(request.headers.cookie));
    const spent = { 'set-cookie': [this.#cookies.clearFlow()] };
    // RED-4: a callback that this browser did not begin would sign it in as somebody else.
    if (flow === undefined || state === undefined || !equal(state, flow.state) || !isSignInCode(code)) {
      return answer(400, 'This sign-in was not begun here, or took too long. Please start again.', spent);
    }
    const previous = this.#cookies.readSession(request.headers.cookie);
    try {
      const { sessionId } = await this.#client.exchangeSignInCode({
        code,
        codeVerifier: flow.verifier,
        returnTo: this.returnTo,
        device: clientFactsOf(request),
        // RED-11: what this browser held so far ends with it.
        previousSessionId: isSessionId(previous) ? previous : '',
      });
      if (!isSessionId(sessionId)) {
        return answer(503, 'Sign-in is not available at the moment.', spent);
      }
      return redirect(toLocation(flow.page), [this.#cookies.setSession(sessionId), this.#cookies.clearFlow()]);
    } catch (error) {
      const rejected = error instanceof TrustLayerError && error.reason === 'SIGN_IN_CODE_REJECTED';
      return rejected
        ? answer(400, 'This sign-in is no longer valid. Please start again.', spent)
        : answer(503, 'Sign-in is not available at the moment.', spent);
    }
  }

  async #signOut(request: FlowRequest): Promise<FlowAnswer> {
    const { 'sec-fetch-site': site, origin, cookie } = request.headers;
    if ((site !== undefined && site !== 'same-origin') || (origin !== undefined && origin !== this.#origin)) {
      return answer(403, 'Sign-out must come from this site.');
    }
    const cleared = [this.#cookies.clearSession()];
    const values = cookieValues(cookie, this.#cookies.sessionName);
    if (values.length > 1) {
      // None of them is taken for the session, so none was ended, and that must not look like success.
      return answer(400, 'There was more than one session cookie, so no session was ended.', { 'set-cookie': cleared });
    }
    try {
      const [sessionId] = values;
      if (isSessionId(sessionId)) {
        await this.#client.revokeSession({ target: { $case: 'sessionId', value: sessionId } });
      }
      return redirect('/', cleared);
    } catch {
      // RED-7: this browser forgets the session, but the session lives on.
      return answer(503, 'The session could not be ended. Please try again.', { 'set-cookie': cleared });
    }
  }
}
