import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { Log } from '../log.ts';
import { type TlsFiles, tlsOptions, watchTls } from './tls_context.ts';

export type ListenerOptions = {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  readonly tlsReloadMs: number;
  /** Open connections in all, and of one remote address. */
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly onConnection: (socket: Socket) => void;
  readonly log: Log;
};

export type Listener = {
  readonly port: number;
  /** Takes no new connection. Open ones stay; resolves when the last has ended. */
  close(): Promise<void>;
  /** Ends all that are still open. */
  destroy(): void;
};

/**
 * Listens, by itself rather than through grpc-js: so connections can be counted by address, a certificate is exchanged without ever being
 * without one, and the names of a client certificate are read once a connection.
 */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const sockets = new Set<Socket>();
  const byAddress = new Map<string, number>();

  /** Whether the raw connection is within the bounds; counts it if so. */
  function admit(socket: Socket): boolean {
    const address = socket.remoteAddress;
    const count = address === undefined ? 0 : (byAddress.get(address) ?? 0);
    if (address === undefined || count >= options.connectionsPerAddress) {
      if (count === options.connectionsPerAddress) {
        options.log.warn(
          { event: 'connections_refused', peer: address, limit: count },
          'One address has too many connections.',
        );
      }
      socket.destroy();
      return false;
    }
    byAddress.set(address, count + 1);
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left === 0) byAddress.delete(address);
      else byAddress.set(address, left);
    });
    return true;
  }

  const server: Server = options.tls === undefined ? plain(admit, options) : secure(options.tls, admit, options);
  server.maxConnections = options.connections;
  let stopWatching = () => {};
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.host, port: options.port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) =>
    options.log.error({ event: 'listener_error', err: error }, 'The gRPC listener failed.'),
  );
  if (options.tls !== undefined && 'setSecureContext' in server) {
    stopWatching = watchTls(
      server as ReturnType<typeof createTlsServer>,
      options.tls,
      options.tlsReloadMs,
      options.log,
    );
  }
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : options.port,
    close() {
      stopWatching();
      return new Promise((resolve) => server.close(() => resolve()));
    },
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function plain(admit: (socket: Socket) => boolean, { onConnection }: ListenerOptions): Server {
  return createServer({ noDelay: true }, (socket) => {
    if (admit(socket)) onConnection(socket);
  });
}

function secure(files: TlsFiles, admit: (socket: Socket) => boolean, { onConnection, log }: ListenerOptions): Server {
  const server = createTlsServer({ ...tlsOptions(files), noDelay: true });
  // Before the TLS layer sees it: a handshake costs more than a refusal.
  server.prependListener('connection', admit);
  server.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy());
    socket.disableRenegotiation();
    keepCertificate(socket);
    onConnection(socket);
  });
  server.on('tlsClientError', (error, socket) => {
    log.debug(
      { event: 'tls_handshake_failed', code: (error as NodeJS.ErrnoException).code ?? 'unknown' },
      'A TLS handshake failed.',
    );
    socket.destroy();
  });
  return server;
}

/** grpc-js asks for the certificate at each call, which parses it anew; it cannot change, so it is parsed once. */
function keepCertificate(socket: TLSSocket): void {
  const certificate = socket.getPeerCertificate();
  socket.getPeerCertificate = (() => certificate) as TLSSocket['getPeerCertificate'];
}
