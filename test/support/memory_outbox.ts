import type { Trail } from '../../server/src/features/change/change.ts';
import type { Mail } from '../../server/src/features/mail/mail.ts';
import type { OutboxStore } from '../../server/src/features/mail/store.ts';

/** The outbox over a list. Its clock stands: what is postponed or claimed stays away until `due` is called. */
export function memoryOutbox(append: (trail: Trail) => void) {
  const rows: (Mail & { attempt: number; away: boolean })[] = [];
  const own = (mail: Mail & { readonly attempt: number }) =>
    rows.findIndex(({ id, attempt }) => id === mail.id && attempt === mail.attempt);
  const outbox: OutboxStore = {
    async queue(trail) {
      append(trail);
    },
    async claim(limit) {
      const due = rows.filter(({ away }) => !away).slice(0, limit);
      for (const row of due) Object.assign(row, { away: true, attempt: row.attempt + 1 });
      return due.map(({ away: _, ...mail }) => mail);
    },
    async remove(mail, trail) {
      const place = own(mail);
      if (place < 0) return false;
      rows.splice(place, 1);
      append(trail);
      return true;
    },
    async postpone() {},
    async list(tenantId, limit) {
      return rows
        .filter((row) => row.tenantId === tenantId)
        .toReversed()
        .slice(0, limit);
    },
  };
  return {
    outbox,
    queue: (mails: readonly Mail[]) => void rows.push(...mails.map((mail) => ({ ...mail, attempt: 0, away: false }))),
    due: () => {
      for (const row of rows) row.away = false;
    },
  };
}
