import assert from 'node:assert/strict';
import { mailedTo } from '../support/outbox_page.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { freshName, newOrganisation } from '../support/shared_server.ts';

const PASSWORD = 'violet-otter-battery';

describe('the page of an invitation', function () {
  this.timeout(30_000);
  let server: ServerProcess;
  let rpc: RpcCaller;
  let organisationId: string;
  before(async () => {
    server = await startServer();
    rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    organisationId = await newOrganisation(rpc);
  });
  after(async () => {
    rpc?.close();
    await server?.remove();
  });

  const invited = async (more: object = {}) => {
    const email = `${freshName('guest')}@example.com`;
    const request = { organisationId, email, roles: ['reader'], ...more };
    const { invitation } = await rpc.ok('InvitationService', 'inviteMember', request);
    const { link = '', subject } = await mailedTo(server.publicUrl, email);
    return { email, link, subject, id: invitation?.id ?? '' };
  };
  const open = async (link: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(link, { headers, redirect: 'manual' });
    const html = await answer.text();
    const [, formToken = ''] = /name="form_token" value="([^"]*)"/.exec(html) ?? [];
    const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0]);
    return { status: answer.status, html, formToken, cookie: cookies.join('; '), headers: answer.headers };
  };
  const post = async (link: string, fields: Record<string, string>, cookie: string, site = 'same-origin') => {
    const token = new URL(link).searchParams.get('token') ?? '';
    const body = new URLSearchParams({ token, ...fields });
    const headers = { cookie, 'sec-fetch-site': site };
    const answer = await fetch(`${server.publicUrl}/invitation`, { method: 'POST', body, headers, redirect: 'manual' });
    return { status: answer.status, html: await answer.text() };
  };
  const members = async () =>
    (await rpc.ok('OrganisationService', 'listMembers', { organisationId, pageSize: 100 })).memberships.length;

  it('INV-4 MAIL-16 opening changes nothing; the form makes an account and a member, and leads to the app', async () => {
    const { link, email, subject } = await invited({ returnTo: 'http://localhost:3000/start', inviter: 'Grace & Co' });
    assert.match(subject ?? '', /^Invitation to org/);
    const before = await members();
    for (let times = 0; times < 3; times++) assert.equal((await open(link)).status, 200);
    const page = await open(link);
    assert.ok(page.html.includes(email));
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
    assert.equal(await members(), before);
    const weak = await post(
      link,
      { form_token: page.formToken, password: 'aaaaaaaa', display_name: 'Ada' },
      page.cookie,
    );
    assert.equal(weak.status, 422);
    assert.ok(weak.html.includes('value="Ada"') && weak.html.includes('too easy to guess'));
    const done = await post(link, { form_token: page.formToken, password: PASSWORD, display_name: 'Ada' }, page.cookie);
    assert.equal(done.status, 200);
    assert.ok(done.html.includes('href="http://localhost:3000/start"'));
    assert.equal(await members(), before + 1);
    const over = await post(link, { form_token: page.formToken, password: PASSWORD }, page.cookie);
    assert.equal(over.status, 404);
    assert.match(over.html, /accepted already/);
    assert.match((await open(link)).html, /accepted already/);
  });

  it('INV-4 a form of another site, browser or link is refused', async () => {
    const [one, other] = [await invited(), await invited()];
    const page = await open(one.link);
    const before = await members();
    const fields = { form_token: page.formToken, password: PASSWORD };
    assert.equal((await post(one.link, fields, page.cookie, 'cross-site')).status, 403);
    assert.equal((await post(one.link, fields, '')).status, 403);
    assert.equal((await post(other.link, fields, page.cookie)).status, 403, 'a form is of one link');
    assert.equal((await post(one.link, { password: PASSWORD }, page.cookie)).status, 403);
    assert.equal(await members(), before);
    assert.equal((await post(one.link, fields, page.cookie)).status, 200);
  });

  it('INV-6 says why it does not work any more, in the language of the mail', async () => {
    const { link, id, subject } = await invited({ language: 'de' });
    assert.match(subject ?? '', /^Einladung zu /);
    assert.match((await open(link)).html, /lang="de"/);
    await rpc.ok('InvitationService', 'revokeInvitation', { organisationId, invitationId: id });
    const gone = await open(link);
    assert.equal(gone.status, 404);
    assert.match(gone.html, /zurückgenommen/);
    assert.match((await open(`${server.publicUrl}/invitation?token=x`)).html, /not whole/);
    assert.equal((await open(`${server.publicUrl}/invitation`)).status, 404);
  });
});
