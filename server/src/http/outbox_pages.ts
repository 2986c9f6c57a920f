import type { OutboxMail, ReadOutbox } from '../features/mail/read_outbox.ts';
import { notFound, type Refusal } from './refusal.ts';
import type { PageContext, PageHandlers } from './routes.ts';
import type { Html } from './views/layout.ts';
import { outboxView } from './views/outbox.ts';

const SHOWN = 50;

/** The mails of a development server: a list, and each as its reader sees it. There is no such page on any other server (spec MAIL-4). */
export function outboxPages(options: {
  readonly tenantId: string;
  readonly publicUrl: string;
  readonly readOutbox?: ReadOutbox | undefined;
  readonly refuse: (context: PageContext, refusal: Refusal) => Promise<Response>;
  readonly write: (context: PageContext, title: string, body: Html) => Promise<Response>;
}): Pick<PageHandlers, 'outbox' | 'outboxMail'> {
  /** A site elsewhere that points its own name at this machine reads nothing. */
  const mails = async (context: PageContext): Promise<readonly OutboxMail[] | undefined> =>
    context.req.header('host') === new URL(options.publicUrl).host
      ? options.readOutbox?.(options.tenantId, SHOWN)
      : undefined;

  return {
    async outbox(context) {
      const found = await mails(context);
      return found === undefined
        ? options.refuse(context, notFound())
        : options.write(context, context.var.t.frame.outbox, outboxView(context.var.t, found));
    },

    async outboxMail(context) {
      const id = context.req.path.slice('/outbox/'.length);
      const mail = (await mails(context))?.find((one) => one.id === id);
      if (mail === undefined) return options.refuse(context, notFound());
      // A document of its own, as in a mail reader: styles in place, no script, no origin.
      context.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups");
      return context.html(mail.html);
    },
  };
}
