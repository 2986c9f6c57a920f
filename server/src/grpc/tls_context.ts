import { readFileSync } from 'node:fs';
import { createSecureContext, type Server, type TlsOptions } from 'node:tls';
import type { Log } from '../log.ts';

/** PEM files of the server. With `clientCaFile`, certificates of clients are asked for and those it signed are believed. */
export type TlsFiles = {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile?: string | undefined;
};

type Material = { readonly cert: string; readonly key: string; readonly ca: string | undefined };

function readMaterial({ certFile, keyFile, clientCaFile }: TlsFiles): Material {
  return {
    cert: readPem(certFile),
    key: readPem(keyFile),
    ca: clientCaFile === undefined ? undefined : readPem(clientCaFile),
  };
}

function readPem(path: string): string {
  const text = readFileSync(path, 'utf8');
  if (!text.includes('-----BEGIN ')) throw new Error(`${path} is not a PEM file`);
  return text;
}

function contextOptions({ cert, key, ca }: Material): TlsOptions {
  return { cert, key, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) };
}

/** Options of the TLS server. Throws if the files cannot be read or do not fit together. */
export function tlsOptions(files: TlsFiles): TlsOptions {
  const options = contextOptions(readMaterial(files));
  createSecureContext(options);
  return {
    ...options,
    ALPNProtocols: ['h2'],
    handshakeTimeout: 10_000,
    requestCert: files.clientCaFile !== undefined,
    // Services with a key need no certificate; one that is not verified names nobody.
    rejectUnauthorized: false,
  };
}

/**
 * Looks at the files every `intervalMs` and gives new connections the new certificate. Files that cannot be used (half written, key of
 * another certificate) are reported, and the certificate in force stays. Returns the function that stops it.
 */
export function watchTls(server: Server, files: TlsFiles, intervalMs: number, log: Log): () => void {
  let current = '';
  let refused: string | undefined;
  try {
    current = JSON.stringify(readMaterial(files));
  } catch {
    // The next look reads them again.
  }
  const timer = setInterval(() => {
    let found = '';
    try {
      const material = readMaterial(files);
      found = JSON.stringify(material);
      if (found === current) return;
      // Throws before it changes anything.
      server.setSecureContext(contextOptions(material));
      current = found;
      refused = undefined;
      log.info({ event: 'tls_reloaded', path: files.certFile }, 'The TLS certificate was read again.');
    } catch (error) {
      if (found === refused) return;
      refused = found;
      log.error(
        { event: 'tls_reload_failed', path: files.certFile, err: error },
        'The new TLS files cannot be used; the old stay in force.',
      );
    }
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
