// How a client reaches the server: addresses, transport security, the options of the channel.
import { BlockList, isIP } from 'node:net';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import { listTarget } from './list_resolver.ts';
import { SERVICE_CONFIG } from './service_config.ts';

/** Transport security of the channel. All PEM. */
export interface TlsOptions {
  /** Roots that may have signed the server's certificate; the system's when absent. */
  readonly rootCerts?: string | Buffer;
  /** Certificate chain of this client, for mTLS. Needs `key`. */
  readonly cert?: string | Buffer;
  /** Private key of `cert`. */
  readonly key?: string | Buffer;
  /**
   * Name that the server's certificate must carry. Without it: the host of `address`, for a list that of its first
   * member.
   */
  readonly serverName?: string;
}

/** The part of the options of `TrustClient` that makes the channel. */
export interface ChannelSettings {
  readonly address: string | readonly string[];
  readonly tls?: TlsOptions | undefined;
  readonly plaintext?: boolean | undefined;
}

/** What grpc-js needs to make the channel. */
export interface ChannelPlan {
  readonly target: string;
  readonly secure: boolean;
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
}

const HOST_PORT = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9][A-Za-z0-9._-]*)):([0-9]{1,5})$/;
const TARGET = /^(dns|ipv4|ipv6|unix|unix-abstract|xds):(?:\/\/([^/]*)\/)?(.+)$/;
const RECEIVE_LIMIT = 4 * 1024 * 1024;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Says whether a host name or address means this machine. Only `localhost`, 127.0.0.0/8 and ::1 do. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(bare);
  return family === 0 ? /^localhost\.?$/i.test(bare) : loopback.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

function hostOf(hostPort: string): string | undefined {
  const match = HOST_PORT.exec(hostPort);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port >= 1 && port <= 65_535 ? host : undefined;
}

function targetOf(address: string): { target: string; local: boolean } {
  const host = hostOf(address);
  if (host !== undefined) {
    // Named outright, for grpc-js would read a host called `unix` or `xds` as a scheme.
    return { target: `dns:${address}`, local: isLoopbackHost(host) };
  }
  const [, scheme, authority, path = ''] = TARGET.exec(address) ?? [];
  switch (scheme) {
    case 'unix':
    case 'unix-abstract':
      return { target: address, local: true };
    case 'dns':
      // A name server named in the target decides what `localhost` is, so it is not taken for this machine.
      return { target: address, local: !authority && isLoopbackHost(hostOf(path) ?? path) };
    case 'ipv4':
    case 'ipv6':
      return { target: address, local: path.split(',').every((part) => isLoopbackHost(hostOf(part) ?? part)) };
    case 'xds':
      return { target: address, local: false };
    default:
      throw new TypeError('address must be host:port, a list of host:port, or a gRPC target such as dns:///host:port');
  }
}

function resolveTarget(address: string | readonly string[]): { target: string; local: boolean } {
  const list = typeof address === 'string' ? [address] : address;
  if (!Array.isArray(list) || list.length === 0 || !list.every((item) => typeof item === 'string')) {
    throw new TypeError('address must be a string or a list of at least one string');
  }
  const [only] = list;
  if (list.length === 1 && only !== undefined) {
    return targetOf(only);
  }
  const hosts = list.map((item: string) => hostOf(item));
  if (hosts.includes(undefined)) {
    throw new TypeError('each address of a list must be host:port');
  }
  return { target: listTarget(list), local: hosts.every((host) => host !== undefined && isLoopbackHost(host)) };
}

function pem(value: string | Buffer | undefined): Buffer | null {
  return value === undefined ? null : Buffer.from(value);
}

/**
 * Decides target, credentials and options (SDK-4, SDK-5, SDK-6). Plain text is taken by itself only if every address
 * is loopback and no `tls` is given.
 * @throws TypeError if the settings contradict themselves or cannot be read; the text holds no key material
 */
export function planChannel(settings: ChannelSettings): ChannelPlan {
  const { target, local } = resolveTarget(settings.address);
  const { tls, plaintext } = settings;
  if (plaintext !== undefined && typeof plaintext !== 'boolean') {
    throw new TypeError('plaintext must be true or false');
  }
  if (plaintext && tls !== undefined) {
    throw new TypeError('plaintext and tls exclude each other');
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    throw new TypeError('tls.cert and tls.key come together');
  }
  const secure = !(plaintext ?? (local && tls === undefined));
  const options: ChannelOptions = {
    'grpc.service_config': JSON.stringify(SERVICE_CONFIG),
    // A TXT record must not replace the retry policy.
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_retries': 1,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.max_receive_message_length': RECEIVE_LIMIT,
    // Retries outlast the longest wait for a connection, so that one address that serves is enough (SDK-6).
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 250,
    // A proxy named in the environment would carry the service key in plain text off this machine.
    ...(secure ? {} : { 'grpc.enable_http_proxy': 0 }),
    ...(tls?.serverName === undefined
      ? {}
      : { 'grpc.ssl_target_name_override': tls.serverName, 'grpc.default_authority': tls.serverName }),
  };
  return { target, secure, credentials: secure ? secureCredentials(tls) : credentials.createInsecure(), options };
}

function secureCredentials(tls: TlsOptions | undefined): ChannelCredentials {
  try {
    return credentials.createSsl(pem(tls?.rootCerts), pem(tls?.key), pem(tls?.cert));
  } catch {
    // The cause is dropped on purpose: it may quote what it could not read.
    throw new TypeError('tls.rootCerts, tls.cert or tls.key could not be read as PEM');
  }
}
