import { type Transport, transportOf } from './transport.ts';

/** What a `libsql:`, `http(s):` or `ws(s):` URL says. */
export type LibsqlAddress = { readonly url: string; readonly authToken?: string };

const SCHEMES: Readonly<Record<string, string>> = {
  'libsql:': 'https:',
  'https:': 'https:',
  'http:': 'http:',
  'wss:': 'wss:',
  'ws:': 'ws:',
};

/** Reads the URL itself: `libsql:` is https, or http with `tls=0`; the token is `authToken` or the password. Throws without quoting it. */
export function readLibsqlUrl(databaseUrl: string): LibsqlAddress {
  const url = URL.parse(databaseUrl);
  if (url === null || url.hostname === '')
    throw new Error('DATABASE_URL must name a host, such as libsql://host.example.com.');
  const options = new Map(url.searchParams);
  for (const name of options.keys()) {
    if (name === 'schema')
      throw new Error(
        'DATABASE_URL or TRUST_DB_SCHEMA names a schema, which PostgreSQL alone has: use another server or namespace.',
      );
    if (name !== 'authToken' && name !== 'tls')
      throw new Error(`DATABASE_URL has an option that is not served: ${name}.`);
  }
  const tls = options.get('tls');
  if (tls !== undefined && (url.protocol !== 'libsql:' || (tls !== '0' && tls !== '1'))) {
    throw new Error(
      'DATABASE_URL may say tls=0 or tls=1 with libsql: only; https: and wss: use TLS, http: and ws: do not.',
    );
  }
  const token = options.get('authToken') ?? decodeURIComponent(url.password);
  const scheme = tls === '0' ? 'http:' : SCHEMES[url.protocol];
  const place = `${scheme}//${url.host}${url.pathname.replace(/\/*$/, '/')}`;
  return { url: place, ...(token === '' ? {} : { authToken: token }) };
}

/** Its client checks every certificate. */
export const transportTo = ({ url }: LibsqlAddress): Transport =>
  transportOf(new URL(url).hostname, /^(https|wss):/.test(url) ? { rejectUnauthorized: true } : undefined);
