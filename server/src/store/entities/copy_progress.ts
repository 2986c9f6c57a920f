import { defineEntity, p } from '@mikro-orm/core';

/** How far `trust-layer copy` has come; in the target, as long as it is not a whole copy yet. Never copied itself. */
export const CopyProgressEntity = defineEntity({
  name: 'CopyProgressEntity',
  tableName: 'copy_progress',
  properties: {
    /** A digest of the source's place: a copy is resumed from the same one only. */
    source: p.string().primary(),
    progress: p.text(),
  },
});
