import { isLoopback } from '../config/address.ts';

/** The most that a provider may answer, in bytes, and how long it may take, in milliseconds (spec OAU-4). */
export const MAX_ANSWER = 256 * 1024;
export const PATIENCE_MS = 5_000;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A provider's answer that was too long, or asked for at a place that is not allowed. */
export class AnswerRefused extends Error {
  override readonly name = 'AnswerRefused';
}

/** Whether bytes may be sent there in the clear. */
export const isPlaceAllowed = ({ protocol, hostname }: URL, plain: boolean) =>
  protocol === 'https:' || (plain && protocol === 'http:' && isLoopback(hostname.replaceAll(/[[\]]/g, '')));

/** `fetch` that takes so many bytes within so much time, follows no redirect, and sends nothing in the clear beyond loopback. */
export function boundedFetch(fetch: Fetch, plain: boolean, patienceMs = PATIENCE_MS): Fetch {
  return async (url, init) => {
    if (!isPlaceAllowed(new URL(url), plain)) throw new AnswerRefused('a place in the clear');
    const late = AbortSignal.timeout(patienceMs);
    const signal = init.signal ? AbortSignal.any([late, init.signal]) : late;
    const response = await fetch(url, { ...init, redirect: 'manual', signal });
    const { status, headers } = response;
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > MAX_ANSWER) throw new AnswerRefused('too long');
      chunks.push(chunk);
    }
    const bare = status === 101 || status === 204 || status === 205 || status === 304;
    return new Response(bare ? null : Buffer.concat(chunks), { status, headers });
  };
}
