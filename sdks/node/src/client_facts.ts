// Who presents a session_id: what a bound session is judged by (SES-16).
import { isIP } from 'node:net';
import type { ClientFacts as ClientFactsMessage } from './gen/trust/v1/session.ts';
import type { Input } from './rpc.ts';

/**
 * What a backend sees of the client of a request: `ipAddress`, which it takes for true (never an unchecked header), and
 * `userAgent`, the header, at most 512 bytes. What is left out is not known.
 */
export type ClientFacts = Input<ClientFactsMessage>;

const MAX_USER_AGENT = 512;

/** The facts of an HTTP request, in the form of the contract. */
export function clientFactsOf(request: {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly ipAddress?: string | undefined;
}): { readonly userAgent: string; readonly ipAddress: string } {
  const { headers, ipAddress = '' } = request;
  const agent = headers['user-agent'];
  // Header values are Latin-1; keeping ASCII makes one character one byte.
  const userAgent = typeof agent === 'string' ? agent.replace(/[^\x20-\x7e]/g, '').slice(0, MAX_USER_AGENT) : '';
  const address = ipAddress.replace(/^::ffff:(?=[0-9.]+$)/i, '').replace(/%.*$/, '');
  return { userAgent, ipAddress: isIP(address) === 0 ? '' : address };
}

/** One question about a session. */
export interface Question {
  readonly sessionId: string;
  readonly client?: ClientFacts | undefined;
}

/** What an answer about a bound session depends on, as one text. No session_id and no address holds a line break. */
export const boundKey = ({ sessionId, client }: Question): string =>
  `${sessionId}\n${client?.ipAddress ?? ''}\n${client?.userAgent ?? ''}`;
