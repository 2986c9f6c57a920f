import { fileURLToPath } from 'node:url';

/**
 * A MaxMind DB file made with mmdb_writer 0.2.7, of addresses for documentation (RFC 5737, RFC 3849): 203.0.113.0/24 is Vienna, Austria in three
 * languages, 198.51.100.0/24 a country alone, 2001:db8:1::/48 Oslo in English, 192.0.2.0/25 a city whose name is HTML, 192.0.2.128/25 no place.
 */
export const PLACES_FILE = fileURLToPath(new URL('places.mmdb', import.meta.url));
