import type { Clock, Instant } from './clock.ts';
import type { Random } from './random.ts';

/** Prefixes of public ids. */
export type IdPrefix = 'idn' | 'ses' | 'sgk' | 'aud' | 'tok' | 'txn' | 'fac' | 'mai' | 'whk' | 'org' | 'lac' | 'inv';

/** Makes public ids: prefix, `_`, and 32 lower-case hex digits of a UUID v7 (RFC 9562), so that they sort by time. */
export type NewId = (prefix: IdPrefix) => string;

export function idMaker(clock: Clock, random: Random): NewId {
  return (prefix) => {
    const bytes = Buffer.from(random(16));
    bytes.writeUIntBE(clock(), 0, 6);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    return `${prefix}_${bytes.toString('hex')}`;
  };
}

/** When an id was made, as it says. */
export const idInstant = (id: string): Instant => Number.parseInt(id.slice(4, 16), 16);
