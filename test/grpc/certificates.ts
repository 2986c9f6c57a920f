// Certificates made by the openssl command, in a folder that goes away with the test.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onCleanUp } from './fixture.ts';

export type Pair = { readonly cert: string; readonly key: string };

/** A folder with an authority that issues certificates into it. */
export class Authority {
  readonly folder: string;
  readonly ca: Pair;
  #serial = 1;

  constructor(name = 'test authority') {
    this.folder = mkdtempSync(join(tmpdir(), 'trust-layer-tls-'));
    onCleanUp(() => rmSync(this.folder, { recursive: true, force: true }));
    this.ca = { cert: join(this.folder, 'ca.pem'), key: join(this.folder, 'ca.key') };
    openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      this.ca.key,
      '-out',
      this.ca.cert,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
  }

  /** A certificate for the names (`DNS:…`, `URI:…`, `IP:…`), for servers and clients. */
  issue(name: string, subjectAltName: string, usage = 'serverAuth,clientAuth'): Pair {
    const pair = { cert: join(this.folder, `${name}.pem`), key: join(this.folder, `${name}.key`) };
    const request = join(this.folder, `${name}.csr`);
    const extensions = join(this.folder, `${name}.ext`);
    this.#serial += 1;
    writeFileSync(extensions, `subjectAltName=${subjectAltName}\nextendedKeyUsage=${usage}\n`);
    openssl('req', ...NEW_KEY, '-keyout', pair.key, '-out', request, '-subj', `/CN=common-name-of-${name}`);
    const signer = ['-CA', this.ca.cert, '-CAkey', this.ca.key, '-set_serial', String(this.#serial)];
    openssl('x509', '-req', '-in', request, ...signer, '-days', '2', '-extfile', extensions, '-out', pair.cert);
    return pair;
  }

  /** Puts one pair in the place of another, as a renewal does. */
  replace(old: Pair, by: Pair): void {
    copyFileSync(by.key, old.key);
    copyFileSync(by.cert, old.cert);
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

export const pem = (path: string): Buffer => readFileSync(path);
