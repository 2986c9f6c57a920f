import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The app behind return_to: shows what it was called with, notes it, and sends a browser on when asked at `/start`. */
export async function callbackApp(startUrl: (returnTo: string) => string) {
  const calls: { url: string; referer: string | undefined; cookie: string | undefined }[] = [];
  const pages = new Map<string, string>();
  const server = createServer((request, response) => {
    const url = request.url ?? '/';
    const { referer, cookie } = request.headers;
    calls.push({ url, referer, cookie });
    if (url === '/start') response.writeHead(303, { location: startUrl(returnTo) }).end();
    else if (url.startsWith('/auth/callback')) response.writeHead(303, { location: '/welcome' }).end();
    else {
      const page = pages.get(url) ?? '<h1>Welcome</h1><a href="/start">Sign in</a>';
      response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const returnTo = `${origin}/auth/callback`;
  return {
    origin,
    returnTo,
    calls,
    /** Pages of its own, by path. */
    pages,
    /** The callback that came, as a URL. */
    callback: () => calls.map(({ url }) => new URL(url, origin)).find(({ pathname }) => pathname === '/auth/callback'),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
