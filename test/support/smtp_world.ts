// A real SMTP server in this process, and what it was sent, read by a parser that is not the sender's.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export type Received = {
  readonly from: string;
  readonly to: readonly string[];
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly mail: Email;
};

export type SmtpWorld = {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** Runs when a mail is there, before it is acknowledged; what it throws is the refusal. */
  onMail: (mail: Email) => Promise<void> | void;
  /** Resolves once so many mails are there. */
  arrived(count: number, patience?: number): Promise<void>;
  close(): Promise<void>;
};

/** A refusal with its SMTP code. */
export const refusal = (responseCode: number) => Object.assign(new Error('no'), { responseCode });

export async function smtpWorld(options: SMTPServerOptions = {}): Promise<SmtpWorld> {
  const received: Received[] = [];
  const world: Pick<SmtpWorld, 'onMail'> = { onMail: () => {} };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: options.secure || options.key ? [] : ['STARTTLS'],
    onAuth: ({ username }, _session, done) => done(null, { user: username ?? '' }),
    onData: async (stream, session, done) => {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      const { mailFrom, rcptTo } = session.envelope;
      const mail = await PostalMime.parse(Buffer.concat(chunks));
      try {
        await world.onMail(mail);
      } catch (error) {
        return done(error as Error);
      }
      received.push({
        from: mailFrom === false ? '' : mailFrom.address,
        to: rcptTo.map(({ address }) => address),
        secure: session.secure,
        user: session.user,
        mail,
      });
      done();
    },
    ...options,
  });
  // A client that refuses the certificate ends its connection in the middle.
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return Object.assign(world, {
    url: `smtp://127.0.0.1:${port}`,
    port,
    received,
    async arrived(count: number, patience = 30_000) {
      for (const until = Date.now() + patience; received.length < count; ) {
        if (Date.now() > until) throw new Error(`${received.length} of ${count} mails arrived`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  });
}
