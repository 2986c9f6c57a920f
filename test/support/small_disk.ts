// A file system of some megabytes, to fill and to make room on: a database whose tables are on it has a full disk.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';

export type SmallDisk = {
  /** Takes all that is left. */
  fill(): void;
  /** Gives back what `fill` took. */
  free(): void;
};

const MEGABYTES = 48;
const BALLAST = 'ballast';

const mount = (folder: string): string | undefined => {
  const size = `size=${MEGABYTES}m,mode=777`;
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'trust_test', folder], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : `no file system can be mounted: ${stderr?.trim() || 'mount is not there'}`;
};
const unmount = (folder: string) => void spawnSync('umount', ['-l', folder]);
const mounted: string[] = [];

let absence: string | undefined | null = null;

/** Why there is none to be had here; undefined if there is. */
export function smallDiskAbsence(): string | undefined {
  if (absence === null) {
    const folder = mkdtempSync(join(tmpdir(), 'trust_disk_'));
    absence = mount(folder);
    if (absence === undefined) unmount(folder);
    rmdirSync(folder);
  }
  return absence;
}

/** Makes a folder one of its own, on a disk of 48 MB. */
export function smallDisk(folder: string): SmallDisk {
  const refused = mount(folder);
  if (refused !== undefined) throw new Error(refused);
  // Before the servers of the tests end and their folders are removed.
  if (mounted.length === 0) process.prependOnceListener('exit', () => mounted.forEach(unmount));
  mounted.push(folder);
  const ballast = join(folder, BALLAST);
  return {
    fill: () => {
      try {
        for (let size = 1 << 20; size >= 1 << 12; size >>= 1)
          try {
            for (;;) writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' });
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          }
      } catch (error) {
        rmSync(ballast, { force: true });
        throw error;
      }
    },
    free: () => rmSync(ballast, { force: true }),
  };
}

/** Moves an empty database to a small disk: the log of its server stays where it is, as where an operator has given each its own. */
export async function onSmallDisk(databaseUrl: string): Promise<SmallDisk> {
  return databaseUrl.startsWith('postgres') ? await smallTablespace(databaseUrl) : await smallFolder(databaseUrl);
}

async function smallTablespace(databaseUrl: string): Promise<SmallDisk> {
  const url = new URL(databaseUrl);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const folder = mkdtempSync(join(tmpdir(), 'trust_disk_'));
  const disk = smallDisk(folder);
  const place = join(folder, 'space');
  mkdirSync(place);
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    const [row] = (await client.query<{ folder: string }>("select current_setting('data_directory') folder")).rows;
    spawnSync('chown', [`--reference=${row?.folder}`, place]);
    await client.query(`create tablespace ${name} location '${place}'`);
    await client.query(`alter database ${name} set tablespace ${name}`);
  } finally {
    await client.end();
  }
  return disk;
}

/** Each database of MySQL and MariaDB is a folder. */
async function smallFolder(databaseUrl: string): Promise<SmallDisk> {
  const connection = await createConnection(databaseUrl.replace(/^[a-z]+/, 'mysql'));
  const [rows] = (await connection.query('select @@datadir folder')) as unknown as [{ folder: string }[]];
  await connection.end();
  const folder = join(rows[0]?.folder ?? '', new URL(databaseUrl).pathname);
  const kept = mkdtempSync(join(tmpdir(), 'trust_disk_'));
  const files = readdirSync(folder);
  for (const file of files) copyFileSync(join(folder, file), join(kept, file));
  const disk = smallDisk(folder);
  for (const file of files) copyFileSync(join(kept, file), join(folder, file));
  rmSync(kept, { recursive: true });
  return disk;
}
