// A certificate for "localhost" and its authority, made by the openssl command for a database server of the tests.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// MySQL 8.0.12 agrees on no other kind with a client of today.
const NEW_KEY = ['-newkey', 'rsa:2048', '-nodes'];

/** Writes them into `folder`; `user` is who reads the key. */
export function serverCertificate(folder: string, user?: { readonly uid: number; readonly gid: number }) {
  const [ca, caKey, cert, key] = ['tls_ca.pem', 'tls_ca.key', 'tls.pem', 'tls.key'].map((name) => join(folder, name));
  const [request, extensions] = [join(folder, 'tls.csr'), join(folder, 'tls.ext')];
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const [CA = '', CA_KEY = '', CERT = '', KEY = ''] = [ca, caKey, cert, key];
  writeFileSync(extensions, 'subjectAltName=DNS:localhost\n');
  openssl('req', '-x509', ...NEW_KEY, '-keyout', CA_KEY, '-out', CA, '-days', '2', '-subj', '/CN=database authority');
  openssl('req', ...NEW_KEY, '-keyout', KEY, '-out', request, '-subj', '/CN=database');
  const signer = ['-CA', CA, '-CAkey', CA_KEY, '-set_serial', '2'];
  openssl('x509', '-req', '-in', request, ...signer, '-days', '2', '-extfile', extensions, '-out', CERT);
  chmodSync(KEY, 0o600);
  if (user !== undefined) for (const path of [KEY, CERT]) chownSync(path, user.uid, user.gid);
  return { ca: CA, cert: CERT, key: KEY };
}
