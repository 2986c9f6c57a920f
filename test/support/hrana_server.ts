// A double of a libSQL server: the Hrana protocol, version 2, over HTTP and WebSocket as documented, on the embedded engine.
import { randomBytes, randomUUID } from 'node:crypto';

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { HranaStream } from './hrana_stream.ts';
import { fastDirectory } from './mysql.ts';

type Json = Record<string, unknown>;

/** A stream that nobody uses is given up after this. */
const IDLE_MS = 10_000;

export type HranaServer = {
  /** Makes an empty database and gives its URL. */
  createDatabase(scheme: 'http' | 'ws'): Promise<string>;
  /** Ends all connections and streams without notice, and takes no new ones. */
  readonly crash: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** While set, requests are taken and not answered. */
  silent: boolean;
  /** How many pages a database may grow to, for streams that are opened from now on. */
  maxPages: number;
};

let shared: Promise<HranaServer> | undefined;

/** The server of this process; started by the first call. */
export function hranaServer(): Promise<HranaServer> {
  shared ??= startServer();
  return shared;
}

async function startServer(): Promise<HranaServer> {
  const directory = fastDirectory('trust_hrana_');
  const tokens = new Map<string, string>();
  const streams = new Set<HranaStream>();
  const batons = new Map<string, { readonly stream: HranaStream; readonly timer: NodeJS.Timeout }>();
  let server: Server | undefined;
  let sockets: WebSocketServer | undefined;
  let port = 0;

  /** The database of a path, if the token is its own. */
  const fileFor = (path: string, token: string | undefined): string | undefined => {
    const name = /^\/(\w+)/.exec(path)?.[1] ?? '';
    return tokens.has(name) && tokens.get(name) === token ? join(directory, `${name}.db`) : undefined;
  };
  const open = (file: string): HranaStream => {
    const stream = new HranaStream(file, told.maxPages);
    streams.add(stream);
    return stream;
  };
  const end = (stream: HranaStream) => {
    streams.delete(stream);
    stream.close();
  };

  async function pipeline(file: string, body: Json): Promise<Json | undefined> {
    const { baton } = body as { baton?: string | null };
    const held = baton == null ? undefined : batons.get(baton);
    if (baton != null && held === undefined) return undefined;
    if (baton != null) batons.delete(baton);
    clearTimeout(held?.timer);
    const stream = held?.stream ?? open(file);
    const results: Json[] = [];
    for (const request of body.requests as Json[]) {
      const answer = await stream.answer(request);
      results.push('error' in answer ? { type: 'error', ...answer } : { type: 'ok', response: answer });
    }
    if (stream.closed) {
      end(stream);
      return { baton: null, base_url: null, results };
    }
    const next = randomUUID();
    const timer = setTimeout(() => {
      batons.delete(next);
      end(stream);
    }, IDLE_MS).unref();
    batons.set(next, { stream, timer });
    return { baton: next, base_url: null, results };
  }

  async function answerHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (told.silent) return;
    const say = (status: number, body: Json) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const file = fileFor(request.url ?? '', /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1]);
    if (file === undefined) return say(401, { message: 'Authentication failed', code: 'AUTH_JWT_INVALID' });
    if (!request.url?.endsWith('/v2/pipeline')) return say(404, { message: 'not found', code: 'NOT_FOUND' });
    const answer = await pipeline(file, JSON.parse(Buffer.concat(chunks).toString()) as Json);
    if (answer === undefined) return say(400, { message: 'The stream has expired', code: 'STREAM_EXPIRED' });
    say(200, answer);
  }

  function serveSockets(from: WebSocketServer): void {
    from.on('connection', (socket, request) => {
      let file: string | undefined;
      const own = new Map<unknown, HranaStream>();
      const stored = new Map<number, string>();
      socket.on('close', () => own.forEach(end));
      const answerOf = async (asked: Json): Promise<Json> => {
        const { type, stream_id: id } = asked;
        if (type === 'open_stream') own.set(id, open(file ?? ''));
        const stream = own.get(id);
        if (type === 'store_sql') stored.set(asked.sql_id as number, asked.sql as string);
        if (type === 'close_sql') stored.delete(asked.sql_id as number);
        if (type === 'close_stream' && stream !== undefined) {
          own.delete(id);
          await stream.queue(async () => end(stream));
        }
        if (!['execute', 'batch', 'sequence', 'describe'].includes(String(type))) return { type };
        return (
          (await stream?.answer(asked, stored)) ?? { error: { message: 'no such stream', code: 'STREAM_NOT_FOUND' } }
        );
      };
      socket.on('message', async (data) => {
        if (told.silent) return;
        const message = JSON.parse(String(data)) as Json;
        if (message.type === 'hello') {
          file = fileFor(request.url ?? '', (message.jwt as string | null) ?? undefined);
          const error = { message: 'Authentication failed', code: 'AUTH_JWT_INVALID' };
          return socket.send(
            JSON.stringify(file === undefined ? { type: 'hello_error', error } : { type: 'hello_ok' }),
          );
        }
        const answer =
          file === undefined ? { error: { message: 'no hello' } } : await answerOf(message.request as Json);
        const head = { request_id: message.request_id };
        const tail =
          'error' in answer ? { type: 'response_error', ...answer } : { type: 'response_ok', response: answer };
        socket.send(JSON.stringify({ ...head, ...tail }));
      });
    });
  }

  const start = async () => {
    const made = createServer((request, response) => void answerHttp(request, response));
    sockets = new WebSocketServer({
      server: made,
      handleProtocols: (offered) => (offered.has('hrana2') ? 'hrana2' : false),
    });
    serveSockets(sockets);
    await new Promise<void>((resolve) => made.listen(port, '127.0.0.1', resolve));
    made.unref();
    port = (made.address() as AddressInfo).port;
    server = made;
  };
  const crash = async () => {
    for (const client of sockets?.clients ?? []) client.terminate();
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
    for (const { timer } of batons.values()) clearTimeout(timer);
    batons.clear();
    streams.forEach(end);
  };
  const told: HranaServer = {
    createDatabase: async (scheme) => {
      const [name, token] = [`d${randomBytes(6).toString('hex')}`, randomBytes(12).toString('hex')];
      tokens.set(name, token);
      const stream = new HranaStream(join(directory, `${name}.db`), told.maxPages);
      await stream.answer({ type: 'sequence', sql: 'pragma journal_mode = wal' });
      stream.close();
      return `${scheme}://127.0.0.1:${port}/${name}?authToken=${token}`;
    },
    crash,
    start,
    silent: false,
    maxPages: 1_000_000,
  };
  await start();
  return told;
}
