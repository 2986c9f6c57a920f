// A plain HTTP client: unlike fetch it adds no headers and sends one twice when told to.
import { type IncomingHttpHeaders, request } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends one request; headers are a flat list of names and values, sent as they are. */
export function send(
  origin: string,
  method: string,
  path: string,
  headers: string[] = [],
  body = '',
): Promise<HttpAnswer> {
  const { hostname, port } = new URL(origin);
  const list = [
    'host',
    `${hostname}:${port}`,
    'content-length',
    String(body.length),
    'connection',
    'close',
    ...headers,
  ];
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers: list }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => {
        text += chunk;
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
