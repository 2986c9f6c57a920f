import { TrustError } from '../errors/trust_error.ts';
import type { Position } from '../kernel/page.ts';
import type { Sealer } from '../kernel/sealer.ts';

/** The list that a page is of: its name, its tenant, and what it is filtered by. */
export type ListName = readonly [list: string, tenantId: string, ...filter: readonly string[]];

/** Page tokens, sealed to their list: nobody reads, makes or moves one (spec ERR-8). */
export type PageTokens = {
  /** The token of the page after this position; empty where there is none. */
  write(list: ListName, position: Position | undefined): string;
  /** Where the page begins; undefined for the first. Errors: INVALID_PAGE_TOKEN. */
  read(list: ListName, token: string): Position | undefined;
};

/** Sealed tokens of positions have less than half of it. */
const LONGEST = 512;

export function pageTokens(sealer: Sealer): PageTokens {
  const open = (list: ListName, token: string): Position => {
    if (token.length > LONGEST) throw refused();
    const bytes = opened(sealer, list, token);
    const [at = '', id = ''] = bytes.toString().split(' ');
    return { at: Number(at), id };
  };
  return {
    write: (list, position) =>
      position === undefined ? '' : sealer.seal(Buffer.from(`${position.at} ${position.id}`), list),
    read: (list, token) => (token === '' ? undefined : open(list, token)),
  };
}

function opened(sealer: Sealer, list: ListName, token: string): Buffer {
  try {
    return sealer.open(token, list);
  } catch (cause) {
    throw refused(cause);
  }
}

const refused = (cause?: unknown) =>
  new TrustError('INVALID_PAGE_TOKEN', {
    cause,
    fields: [{ field: 'page_token', description: 'was not made by this server for this list' }],
  });
