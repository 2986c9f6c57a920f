import { html } from 'hono/html';
import type { OutboxMail } from '../../features/mail/read_outbox.ts';
import type { Texts } from '../texts/en.ts';
import type { Html } from './layout.ts';

/** Mails that wait, for a developer. */
export function outboxView({ frame }: Texts, mails: readonly OutboxMail[]): Html {
  const row = ({ id, createdAt, to, subject, text }: OutboxMail) => html`<li>
            <p class="text"><strong>${subject}</strong><br>${frame.mailTo} ${to} · ${new Date(createdAt).toISOString().slice(0, 19).replace('T', ' ')}</p>
            <pre class="mail">${text}</pre>
            <p class="other"><a href="/outbox/${id}">${frame.asHtml}</a></p>
          </li>`;
  return html`<h1>${frame.outbox}</h1>
        <p class="text">${frame.outboxWords} <code>npm run trust-layer -- outbox --dev</code></p>
        ${mails.length === 0 ? html`<p class="text">${frame.noMail}</p>` : html`<ul class="mails">${mails.map(row)}</ul>`}`;
}
