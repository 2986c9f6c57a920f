import { readFileSync, statSync } from 'node:fs';
import { type CityResponse, Reader } from 'mmdb-lib';
import type { PlaceName } from '../kernel/place_name.ts';

/** The largest file, in bytes: it is kept in memory. */
export const MAX_PLACES_FILE = 512 * 1_024 * 1_024;
/** The longest name that is shown, in characters. */
const LONGEST_NAME = 64;

type Names = Readonly<Record<string, string | undefined>>;

/** Reads a file of places in the MaxMind DB format 2.0, of cities or of countries. Throws if it is none. */
export function openPlaces(path: string): PlaceName {
  const reader = readerOf(path);
  return (ipAddress, language) => {
    const { city, country } = lookUp(reader, ipAddress) ?? {};
    const named = (all: unknown): unknown => (all as Names | undefined)?.[language] ?? (all as Names | undefined)?.en;
    const names = [named(city?.names), named(country?.names)];
    return names
      .flatMap((name) => (typeof name === 'string' && name !== '' ? [name.slice(0, LONGEST_NAME)] : []))
      .join(', ');
  };
}

function readerOf(path: string): Reader<CityResponse> {
  try {
    if (statSync(path).size > MAX_PLACES_FILE) throw new Error(`it is over ${MAX_PLACES_FILE} bytes`);
    const reader = new Reader<CityResponse>(readFileSync(path));
    if (!(reader.metadata.nodeCount > 0)) throw new Error('it has no metadata');
    return reader;
  } catch (error) {
    throw new Error(`TRUST_PLACES_FILE: ${path} is no MaxMind DB file that can be used: ${(error as Error).message}.`);
  }
}

/** What is damaged is known nowhere: a name of a place decides nothing. */
function lookUp(reader: Reader<CityResponse>, ipAddress: string): CityResponse | null {
  try {
    return reader.get(ipAddress.replace(/^::ffff:(?=\d+\.)/i, ''));
  } catch {
    return null;
  }
}
