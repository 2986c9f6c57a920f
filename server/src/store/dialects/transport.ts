/** How what is said to a database travels: on this machine alone; or over a network as plain text, under TLS with whatever certificate, or under TLS with a checked one. */
export type Transport = 'local' | 'plain' | 'unchecked' | 'checked';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

/** `tls`: undefined without TLS. */
export function transportOf(host: string, tls: { readonly rejectUnauthorized: boolean } | undefined): Transport {
  if (LOOPBACK.test(host)) return 'local';
  if (tls === undefined) return 'plain';
  return tls.rejectUnauthorized ? 'checked' : 'unchecked';
}
