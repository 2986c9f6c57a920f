import { type Clock, MINUTE, SECOND, type Span } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { auditEvent } from '../audit/audit.ts';
import type { MailContent } from './mail.ts';
import type { ClaimedMail, OutboxStore } from './store.ts';
import type { MailSeal } from './write_mail.ts';

/** Hands a mail to its server. `refused`: for good, so that another try is of no use. Rejects where it may be tried again. */
export type DeliverMail = (mail: MailContent & { readonly id: string }) => Promise<'sent' | 'refused'>;

const AT_A_TIME = 10;
/** How long a mail belongs to the node that sends it; a node that dies in the middle holds it up for that long (spec MAIL-2). */
export const MAIL_LEASE: Span = 2 * MINUTE;
const FIRST_DELAY: Span = 5 * SECOND;
const LONGEST_DELAY: Span = 5 * MINUTE;

export type MailSender = {
  /** Claims what is due and begins to send it; any number of nodes may do so at once. */
  run(): Promise<void>;
  /** Claims no more, and waits for what is under way. */
  drain(): Promise<void>;
};

/** Takes mails out of the queue: each is sent by one node, tried again after a failure, and removed when it was taken, refused, or is too old. */
export function sendMails(deps: {
  readonly outbox: Pick<OutboxStore, 'claim' | 'remove' | 'postpone'>;
  readonly seal: MailSeal;
  readonly deliver: DeliverMail;
  /** Told of each failure that is tried again. */
  readonly failed: (error: unknown, attempt: number) => void;
  readonly clock: Clock;
  readonly newId: NewId;
}): MailSender {
  const end = async (mail: ClaimedMail, template: string | undefined, outcome: 'sent' | 'refused' | 'too_late') => {
    const about = { subject: mail.id, facts: { template: template ?? '', outcome } };
    const by = { tenantId: mail.tenantId, name: 'system' };
    const action = outcome === 'sent' ? 'mail.sent' : 'mail.given_up';
    await deps.outbox.remove(mail, {
      changes: [],
      events: [auditEvent(by, deps.clock(), deps.newId, action, about)],
    });
  };

  const send = async (mail: ClaimedMail): Promise<void> => {
    let content: MailContent | undefined;
    try {
      content = deps.seal.open(mail);
      if (content.to === '') return void (await deps.outbox.remove(mail, { changes: [], events: [] }));
      if (deps.clock() >= mail.expiresAt) return await end(mail, content.template, 'too_late');
      return await end(mail, content.template, await deps.deliver({ ...content, id: mail.id }));
    } catch (error) {
      deps.failed(error, mail.attempt);
      if (deps.clock() >= mail.expiresAt) return end(mail, content?.template, 'too_late');
      await deps.outbox.postpone(mail, Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (mail.attempt - 1)));
    }
  };

  const underWay = new Set<Promise<unknown>>();
  let filling = false;
  let ended = false;

  const fill = async (): Promise<void> => {
    if (filling || ended) return;
    filling = true;
    try {
      while (underWay.size < AT_A_TIME) {
        const claimed = await deps.outbox.claim(AT_A_TIME - underWay.size, MAIL_LEASE);
        if (claimed.length === 0) return;
        claimed.forEach(start);
      }
    } finally {
      filling = false;
    }
  };

  // A slow mail holds up its own place only.
  const start = (mail: ClaimedMail): void => {
    const sending = send(mail)
      .catch((error) => deps.failed(error, mail.attempt))
      .finally(() => underWay.delete(sending))
      .then(fill)
      .catch((error) => deps.failed(error, mail.attempt));
    underWay.add(sending);
  };

  return {
    run: fill,
    async drain() {
      ended = true;
      await Promise.all(underWay);
    },
  };
}
