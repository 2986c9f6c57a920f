import { readFileSync } from 'node:fs';
import { type ChannelCredentials, Client, credentials } from '@grpc/grpc-js';
import { type Address, formatAddress, isLoopback, parseAddress } from '../config/address.ts';
import type { CliIo } from './actions.ts';
import { UsageError } from './exit.ts';

export type ChannelFlags = {
  readonly address?: string;
  readonly tls?: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly plaintext?: boolean;
};

const DEFAULT_ADDRESS = '127.0.0.1:50051';

/** The address to call: the flag, else TRUST_ADDRESS, else where the server of this environment listens. */
export function targetOf(flag: string | undefined, env: CliIo['env']): Address {
  const text = flag ?? env.TRUST_ADDRESS ?? env.TRUST_GRPC_ADDRESS ?? DEFAULT_ADDRESS;
  const address = parseAddress(text);
  if (address === undefined) throw new UsageError('The address must be host:port, such as 127.0.0.1:50051.');
  // Where a server listens on every address, it is called on this machine.
  const everywhere = address.host === '0.0.0.0' || address.host === '::';
  return everywhere ? { ...address, host: '127.0.0.1' } : address;
}

/** Opens a channel. Plain text is used by itself on loopback only (SDK-5). */
export function openChannel(flags: ChannelFlags, env: CliIo['env']): { client: Client; target: string } {
  const address = targetOf(flags.address, env);
  const target = formatAddress(address);
  return { client: new Client(target, credentialsOf(flags, address)), target };
}

function credentialsOf(flags: ChannelFlags, { host }: Address): ChannelCredentials {
  const wantsTls =
    flags.tls === true || flags.tlsCa !== undefined || flags.tlsCert !== undefined || flags.tlsKey !== undefined;
  if (wantsTls && flags.plaintext === true) throw new UsageError('--plaintext and the TLS options exclude each other.');
  if (flags.plaintext === true || (!wantsTls && isLoopback(host))) return credentials.createInsecure();
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined)) {
    throw new UsageError('--tls-cert and --tls-key belong together.');
  }
  return credentials.createSsl(pem(flags.tlsCa), pem(flags.tlsKey), pem(flags.tlsCert));
}

function pem(path: string | undefined): Buffer | null {
  return path === undefined ? null : readFile(path);
}

/** Reads a file; the error is one sentence. */
export function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`The file ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`);
  }
}
