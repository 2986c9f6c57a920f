import type { IncomingMessage } from 'node:http';
import { type Fields, readFields } from '../kernel/form_fields.ts';

export type { Fields } from '../kernel/form_fields.ts';

/** Why a query or a body is not read, as the status that says so. */
export type FormFault = 400 | 413 | 415;

/** The most that a form may hold, in bytes. */
export const MAX_FORM = 16 * 1024;

/** Reads the query of a request target. */
export function readQuery(target: string): Fields | undefined {
  const split = target.indexOf('?');
  return readFields(split < 0 ? '' : target.slice(split + 1));
}

/** Reads the body of a form post. What is too long is not read to its end. */
export async function readForm(incoming: IncomingMessage): Promise<Fields | FormFault> {
  const type = incoming.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded(?:\s*;\s*charset="?utf-8"?)?$/i.test(type)) return 415;
  if (incoming.headers['content-encoding'] !== undefined) return 415;
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_FORM) return 413;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // The connection outlives a body that is left unread, so that the refusal can be sent.
    for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_FORM) return 413;
      chunks.push(chunk);
    }
  } catch {
    // The client went away in the middle of it.
    return 400;
  }
  return readFields(Buffer.concat(chunks).toString('latin1')) ?? 400;
}
