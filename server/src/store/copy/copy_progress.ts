import { createHash } from 'node:crypto';
import type { Database } from '../database.ts';
import type { Transaction } from '../dialects/dialect.ts';
import { CopyProgressEntity } from '../entities/copy_progress.ts';
import type { Key } from './copy_table.ts';

/** How far a copy has come. */
export type Progress = {
  /** Told apart from every other copy: found in the source, it says that both are one database. */
  readonly nonce: string;
  /** Walks over everything that are done. The first one writes most rows; each later one writes what has changed since. */
  readonly passes: number;
  /** Where the first walk stands. */
  readonly table?: string;
  readonly key?: Key;
  readonly rows?: number;
};

/** Names the place of a database without what may change or be secret: user, password and options are left out. */
export function placeOf(databaseUrl: string): string {
  const url = URL.parse(databaseUrl);
  const place = url === null ? databaseUrl : `${url.protocol}//${url.host}${url.pathname}`;
  return createHash('sha256').update(place).digest('hex');
}

const PLAIN = { disableIdentityMap: true } as const;

export async function readProgress(database: Database): Promise<{ source: string; progress: Progress } | undefined> {
  const [row] = await database.read((em) => em.find(CopyProgressEntity, {}, PLAIN));
  return row && { source: row.source, progress: JSON.parse(row.progress) as Progress };
}

export async function writeProgress(tx: Transaction, source: string, progress: Progress): Promise<void> {
  const text = JSON.stringify(progress);
  if ((await tx.nativeUpdate(CopyProgressEntity, { source }, { progress: text })) === 0)
    await tx.insert(CopyProgressEntity, { source, progress: text });
}

export async function dropProgress(tx: Transaction): Promise<void> {
  await tx.nativeDelete(CopyProgressEntity, {});
}
