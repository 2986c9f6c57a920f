import type { Mail, MailContent } from './mail.ts';
import type { OutboxStore } from './store.ts';
import type { MailSeal } from './write_mail.ts';

/** A mail as a developer looks at it. */
export type OutboxMail = Omit<Mail, 'sealed'> & MailContent;

/** The newest mails that wait, opened. For development servers only: they hold what people get into accounts with (spec MAIL-4). */
export type ReadOutbox = (tenantId: string, limit: number) => Promise<readonly OutboxMail[]>;

export function readOutbox(deps: { readonly outbox: Pick<OutboxStore, 'list'>; readonly seal: MailSeal }): ReadOutbox {
  return async (tenantId, limit) =>
    (await deps.outbox.list(tenantId, limit)).flatMap(({ sealed, ...mail }) => {
      try {
        const content = deps.seal.open({ ...mail, sealed });
        return content.to === '' ? [] : [{ ...mail, ...content }];
      } catch {
        // Of a time before the master key was replaced.
        return [];
      }
    });
}
