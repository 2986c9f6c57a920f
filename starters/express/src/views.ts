import type { IdentityFacts, Session } from '@trust-layer/sdk';
import { deviceName, instantText } from './devices.ts';
import { type Html, html } from './html.ts';
import type { Seen } from './seen.ts';

export type Chain = {
  readonly orders: readonly { readonly number: number; readonly item: string }[];
  readonly seenByOrders: Seen;
  readonly seenByBilling: Seen;
};

const nameOf = (identity: IdentityFacts) => identity.displayName || identity.id;

function page(title: string, identity: IdentityFacts | undefined, main: Html): string {
  const account = identity
    ? html`<a href="/dashboard">Dashboard</a> <a href="/account">Account</a> <a href="/orders">Orders</a>
        <form method="post" action="/auth/sign-out"><button type="submit" class="quiet">Sign out</button></form>`
    : html`<a href="/auth/sign-in">Sign in</a> <a class="button" href="/auth/sign-up">Sign up</a>`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Lighthouse</title>
        <link rel="stylesheet" href="/app.css" />
      </head>
      <body>
        <header><a class="brand" href="/">Lighthouse</a><nav>${account}</nav></header>
        <main>${main}</main>
      </body>
    </html>`.text;
}

export const homePage = (identity: IdentityFacts | undefined) =>
  page(
    'Welcome',
    identity,
    html`<h1>${identity ? `Welcome back, ${nameOf(identity)}` : 'A small app with real sign-in'}</h1>
      <p>Everybody sees this page. The dashboard, the account and the orders need a session.</p>
      <p><a class="button" href="/dashboard">Open the dashboard</a></p>`,
  );

export const dashboardPage = (identity: IdentityFacts, session: Session) =>
  page(
    'Dashboard',
    identity,
    html`<h1>Dashboard</h1>
      <p>Only people with a session get here. Your browser holds one cookie without meaning; this is what it stands for:</p>
      <dl>
        <dt>Name</dt><dd>${nameOf(identity)}</dd>
        <dt>Identity</dt><dd><code>${identity.id}</code></dd>
        <dt>Session</dt><dd><code>${session.handle}</code></dd>
        <dt>Signed in by</dt><dd>${session.amr.join(', ')} (${session.acr})</dd>
      </dl>`,
  );

export const accountPage = (identity: IdentityFacts, current: Session, sessions: readonly Session[]) =>
  page(
    'Account',
    identity,
    html`<h1>Your sessions</h1>
      <p>Every place where you are signed in. What you end here is out at once.</p>
      <ul class="sessions">
        ${sessions.map(
          (session) => html`<li>
            <div>
              <strong>${deviceName(session.device?.userAgent)}</strong>
              <small>${session.device?.ipAddress || 'unknown address'}, since ${instantText(session.createdAt)}</small>
            </div>
            ${
              session.handle === current.handle
                ? html`<span class="here">this one</span>`
                : html`<form method="post" action="/account/end">
                    <input type="hidden" name="handle" value="${session.handle}" /><button type="submit" class="quiet" aria-label="End ${deviceName(session.device?.userAgent)}">End</button>
                  </form>`
            }
          </li>`,
        )}
      </ul>
      <p><a href="/auth/security?return_to=/account">Password, passkeys and second factors</a></p>
      <form method="post" action="/account/sign-out-everywhere"><button type="submit" class="danger">Sign out everywhere</button></form>`,
  );

const FACTS = [
  ['Subject', 'subject'],
  ['Audience', 'audience'],
  ['Caller', 'caller'],
  ['Scope', 'scope'],
  ['Transaction', 'transaction'],
] as const;

export const ordersPage = (identity: IdentityFacts, chain: Chain) =>
  page(
    'Orders',
    identity,
    html`<h1>Orders</h1>
      <ul>${chain.orders.map(({ number, item }) => html`<li>No. ${number}: ${item}</li>`)}</ul>
      <h2>What each service saw</h2>
      <p>The app asked for a token for <code>orders</code>; <code>orders</code> checked it offline and exchanged it for one for <code>billing</code>. Neither token reached your browser.</p>
      <div class="wide"><table>
        <thead><tr><td></td><th>orders</th><th>billing</th></tr></thead>
        <tbody>${FACTS.map(
          ([name, fact]) => html`<tr>
            <th>${name}</th><td><code>${chain.seenByOrders[fact]}</code></td><td><code>${chain.seenByBilling[fact]}</code></td>
          </tr>`,
        )}</tbody>
      </table></div>`,
  );

export const errorPage = () =>
  page('Not available', undefined, html`<h1>Not available at the moment</h1><p>Please try again.</p>`);
