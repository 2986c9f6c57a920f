import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readForm, visit } from './hosted_page.ts';

const PAGE = `<form method="get" action="/search"><input name="q"></form>
<form method=post action="/sign-in?x=1&amp;y=2"><input type="hidden" name="token" value="a&quot;b&#x41;">
<label><input id="i" name='identifier' type="email" autofocus></label><input name=password type=password>
<button type="submit" name="go" value="1">Go</button></form>`;

describe('hosted page', () => {
  let server: Server;
  let publicUrl: string;
  const posts: { body: string; headers: NodeJS.Dict<string | string[]>; url: string | undefined }[] = [];

  before(async () => {
    server = createServer(async (request, response) => {
      if (request.method === 'GET') {
        const status = request.url?.startsWith('/sign-up') ? 400 : 200;
        response.writeHead(status, { 'content-type': 'text/html', 'set-cookie': ['t=1; Path=/', 'gone=x; Max-Age=0'] });
        return response.end(PAGE);
      }
      let body = '';
      for await (const chunk of request) body += chunk;
      posts.push({ body, headers: request.headers, url: request.url });
      response.writeHead(303, { location: 'https://app.example/callback?code=tc_1&state=s' });
      return response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => server.close());

  const wanted = { query: { return_to: 'x' }, identifier: 'a@example.com', password: 'secret', displayName: 'Ada' };

  it('fills in the form with its hidden inputs, keeps cookies and reads the redirect', async () => {
    const result = await visit({ page: 'sign-in', publicUrl, ...wanted });
    assert.deepEqual(result, {
      status: 303,
      location: 'https://app.example/callback?code=tc_1&state=s',
      code: 'tc_1',
      state: 's',
    });
    const post = posts.at(-1);
    assert.equal(post?.url, '/sign-in?x=1&y=2');
    assert.equal(post?.headers.cookie, 't=1');
    assert.equal(post?.headers.origin, publicUrl);
    assert.equal(post?.headers['sec-fetch-site'], 'same-origin');
    assert.deepEqual(Object.fromEntries(new URLSearchParams(post?.body)), {
      token: 'a"bA',
      identifier: 'a@example.com',
      password: 'secret',
    });
  });

  it('ends at a page that is no form to be filled in', async () => {
    const result = await visit({ page: 'sign-up', publicUrl, ...wanted });
    assert.deepEqual(result, { status: 400, location: '', code: '', state: '' });
  });

  it('finds the form that asks for a password', () => {
    assert.equal(readForm('<p>no form</p>'), undefined);
    assert.equal(readForm('<form method="post"><input name="a"></form>'), undefined);
    assert.equal(readForm(PAGE)?.inputs.length, 4);
  });
});
