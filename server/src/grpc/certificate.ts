import type { PeerCertificate } from 'node:tls';

// Node quotes a name that holds anything unusual; such a name is not one of a service.
const NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;

/**
 * The names under which a verified client certificate speaks: its SPIFFE ID (an X.509-SVID has exactly one URI) and its DNS names,
 * in lower case. The subject's common name never counts.
 */
export function certificateNames(subjectAltName: string | undefined): readonly string[] {
  const text = subjectAltName ?? '';
  const uris: string[] = [];
  const dns: string[] = [];
  NAME.lastIndex = 0;
  while (NAME.lastIndex < text.length) {
    const match = NAME.exec(text);
    // A text that cannot be read to its end is believed in no part.
    if (match === null) return [];
    const [, kind, value = ''] = match;
    if (kind === 'URI') uris.push(value);
    else if (kind === 'DNS' && /^[a-z0-9._-]{1,255}$/i.test(value)) dns.push(value.toLowerCase());
  }
  const [uri] = uris;
  const spiffe = uris.length === 1 && uri !== undefined && /^spiffe:\/\/[^"\s]{1,2039}$/.test(uri) ? [uri] : [];
  return [...spiffe, ...dns];
}

const known = new WeakMap<PeerCertificate, readonly string[]>();

/** The same for a connection's certificate object, read once. */
export function namesOf(certificate: PeerCertificate | undefined): readonly string[] {
  if (certificate === undefined) return [];
  let names = known.get(certificate);
  if (names === undefined) {
    names = certificateNames(certificate.subjectaltname);
    known.set(certificate, names);
  }
  return names;
}
