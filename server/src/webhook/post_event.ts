import { lookup } from 'node:dns/promises';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Post } from '../features/webhook/send_events.ts';

/** The addresses of a name, in the order in which they are to be tried. */
export type Resolve = (name: string) => Promise<readonly string[]>;

const systemResolve: Resolve = async (name) => (await lookup(name, { all: true })).map(({ address }) => address);

/** How long a request may take, and how much of an answer is read. */
export const REQUEST_MS = 10_000;
const MOST_BYTES = 64 * 1024;

/**
 * Posts to targets that may be posted to (spec HOOK-5). The name is resolved once, every address of it must be allowed, and the connection goes
 * to that address: a name that means another address a moment later changes nothing. No redirect is followed, and no proxy used.
 */
export function postEvent(deps: {
  readonly mayReach: (address: string) => boolean;
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}): Post {
  const { mayReach, resolve = systemResolve, timeoutMs = REQUEST_MS } = deps;
  return async (text, headers, body) => {
    const url = new URL(text);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const signal = AbortSignal.timeout(timeoutMs);
    const addresses = isIP(host) === 0 ? await within(signal, resolve(host)) : [host];
    const [address] = addresses;
    if (address === undefined || !addresses.every(mayReach)) throw new Error('the target may not be reached');
    const response = await send(url, address, headers, body, signal);
    const { statusCode = 0 } = response;
    await readSome(response);
    if (statusCode === 410) return 'gone';
    if (statusCode < 200 || statusCode > 299) throw new Error(`the target answered ${statusCode}`);
    return 'taken';
  };
}

function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

function send(url: URL, address: string, headers: object, body: string, signal: AbortSignal): Promise<IncomingMessage> {
  const family = isIP(address);
  const options = {
    method: 'POST',
    agent: false,
    signal,
    headers: {
      ...headers,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'trust-layer-webhook',
    },
    lookup: (
      _name: string,
      { all }: { all?: boolean | undefined },
      done: (error: null, address: never, family?: number) => void,
    ) => (all === true ? done(null, [{ address, family }] as never) : done(null, address as never, family)),
  } as const;
  return new Promise((resolve, reject) => {
    const made: ClientRequest =
      url.protocol === 'https:' ? httpsRequest(url, options, resolve) : httpRequest(url, options, resolve);
    made.once('error', reject);
    made.end(body);
  });
}

/** Reads an answer as far as it is wanted; what it says is not. */
async function readSome(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    if (bytes > MOST_BYTES) throw new Error('the target answered too much');
  }
}
