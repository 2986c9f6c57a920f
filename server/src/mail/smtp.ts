import { createTransport } from 'nodemailer';
import type { DeliverMail } from '../features/mail/send_mails.ts';
import { MAIL_LEASE } from '../features/mail/send_mails.ts';

export type SmtpOptions = {
  /** `smtp://user:password@host:port`, or `smtps:` for TLS from the first byte. */
  readonly url: string;
  /** Address of the sender. */
  readonly from: string;
  /** `required`: STARTTLS or nothing. `off`: none, on loopback. `offered`: TLS where the server offers it. Certificates are checked each time. */
  readonly tls: 'required' | 'off' | 'offered';
};

// Half of the time for which a mail is this node's: after it another node may send it.
const PATIENCE_MS = MAIL_LEASE / 2;

/** Hands mails to an SMTP server, each over a connection of its own. */
export function smtp({ url, from, tls }: SmtpOptions): DeliverMail {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === 'smtps:';
  const transport = createTransport({
    host: hostname.replaceAll(/[[\]]/g, ''),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: !secure && tls === 'required',
    ignoreTLS: !secure && tls === 'off',
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    dnsTimeout: 10_000,
    // Nothing in a mail is fetched from anywhere.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async ({ id, to, fromName, subject, text, html }) => {
    try {
      await transport.sendMail({
        from: { name: fromName, address: from },
        to: { name: '', address: to },
        subject,
        text,
        html,
        // The same at each try, so that a receiver can tell a mail that came twice.
        messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
        headers: { 'auto-submitted': 'auto-generated' },
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      return 'sent';
    } catch (error) {
      if (isRefusal(error)) return 'refused';
      throw error;
    }
  };
}

/** Whether the server refused this recipient or message for good; a refused password or greeting is not the mail's fault. */
function isRefusal(error: unknown): boolean {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  return (code === 'EENVELOPE' || code === 'EMESSAGE') && typeof responseCode === 'number' && responseCode >= 500;
}
