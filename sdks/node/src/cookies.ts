// The two cookies of the middleware (RED-4, RED-5) and how they are read.
import { isLoopbackHost } from './channel.ts';

/** Where the middleware says the few things that an operator should know. Default: `console.warn`. */
export type Log = (line: string) => void;

/** How long the sign-in flow may take: life of its cookie, seconds (RED-4). */
export const FLOW_COOKIE_SECONDS = 600;

const consoleLog: Log = (line) => console.warn(line);
const told = new WeakSet<Log>();

/** The origin of an app's public URL, such as `https://app.example`. */
export function originOf(publicUrl: string): string {
  const url = new URL(publicUrl);
  if ((url.protocol !== 'https:' && url.protocol !== 'http:') || `${url.origin}/` !== url.href) {
    throw new TypeError('publicUrl must be an origin such as https://app.example');
  }
  return url.origin;
}

/**
 * Reads the cookies of one name.
 * @param header - the `Cookie` header or headers as received
 * @returns every value of exactly this name, in the order of the header
 */
export function cookieValues(header: string | readonly string[] | undefined, name: string): string[] {
  // Space and tab only: trimming more would let a cookie named U+00A0 + `__Host-…`, which any sibling host may set,
  // pass for one with the protected prefix.
  return [header ?? []].flat().flatMap((line) =>
    line.split(';').flatMap((pair) => {
      const at = pair.indexOf('=');
      const found = at >= 0 && pair.slice(0, at).replace(/^[ \t]+|[ \t]+$/g, '') === name;
      return found ? [pair.slice(at + 1).replace(/^[ \t]+|[ \t]+$/g, '')] : [];
    }),
  );
}

/** Names and writes the cookies as the public URL demands. */
export class CookieJar {
  /** Name of the session's cookie. */
  readonly sessionName: string;
  /** Name of the flow's cookie. */
  readonly flowName: string;
  readonly #attributes: string;

  /** @throws TypeError if `publicUrl` is not an origin */
  constructor(publicUrl: string, log: Log = consoleLog) {
    const url = new URL(originOf(publicUrl));
    const plain = url.protocol === 'http:' && isLoopbackHost(url.hostname);
    const prefix = plain ? '' : '__Host-';
    this.sessionName = `${prefix}session_id`;
    this.flowName = `${prefix}trust_flow`;
    this.#attributes = `Path=/; ${plain ? '' : 'Secure; '}HttpOnly; SameSite=Lax`;
    if (plain && !told.has(log)) {
      told.add(log);
      log(`trust-layer: ${url.origin} is plain HTTP on loopback, so cookies go without __Host- and Secure`);
    }
  }

  /** The one value of the session's cookie; `undefined` if there is none or more than one (SDK-21). */
  readSession(header: string | readonly string[] | undefined): string | undefined {
    const values = cookieValues(header, this.sessionName);
    return values.length === 1 ? values[0] : undefined;
  }

  /** The one value of the flow's cookie; `undefined` if there is none or more than one. */
  readFlow(header: string | readonly string[] | undefined): string | undefined {
    const values = cookieValues(header, this.flowName);
    return values.length === 1 ? values[0] : undefined;
  }

  /** `Set-Cookie` that gives the browser its session. */
  setSession(sessionId: string): string {
    return `${this.sessionName}=${sessionId}; ${this.#attributes}`;
  }

  /** `Set-Cookie` that takes the session's cookie away. */
  clearSession(): string {
    return `${this.sessionName}=; ${this.#attributes}; Max-Age=0`;
  }

  /** `Set-Cookie` that keeps the flow in the browser. */
  setFlow(value: string): string {
    return `${this.flowName}=${value}; ${this.#attributes}; Max-Age=${FLOW_COOKIE_SECONDS}`;
  }

  /** `Set-Cookie` that takes the flow's cookie away. */
  clearFlow(): string {
    return `${this.flowName}=; ${this.#attributes}; Max-Age=0`;
  }
}
