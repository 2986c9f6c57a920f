import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StoreLog } from './dialects/dialect.ts';
import { codeOf, fullWords, isFullCode, isMissingTable, StorageFault } from './fault.ts';

/** Room on the disk of a database that is set aside. */
export type Reserve = {
  /** Sets it aside, or finds it there. Answers why not, by a code. */
  take(): Promise<string | undefined>;
  /** Whether it is set aside: another node of the same database may have given it back. */
  holds(): Promise<boolean>;
  /** Gives it back to the disk. */
  release(): Promise<void>;
};

const CHUNK = 1_024 * 1_024;

/** A file that is as large as the room. Its bytes are random: what compresses takes none. */
export function fileReserve(path: string, bytes: number): Reserve {
  const release = async () => rmSync(path, { force: true });
  const write = () => {
    const file = openSync(path, 'w', 0o600);
    try {
      for (let left = bytes; left > 0; ) left -= writeSync(file, randomBytes(Math.min(left, CHUNK)));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  };
  const holds = async () => statSync(path, { throwIfNoEntry: false })?.size === bytes;
  return {
    release,
    holds,
    async take() {
      try {
        if (await holds()) return undefined;
        await release();
        const { bavail, bsize } = statfsSync(dirname(path));
        // As much again stays free: else the next write would fill the disk once more.
        if (bavail * bsize < 2 * bytes) return 'ENOSPC';
        write();
        return undefined;
      } catch (error) {
        await release();
        return codeOf(error);
      }
    },
  };
}

/** What a table of ballast is made and filled with. */
export type ReserveSql = {
  /** Makes it where it is not there. */
  readonly create: string;
  /** How many rows it has, as `held`. */
  readonly count: string;
  /** Adds a row of a number and its bytes, where there is none of that number. */
  readonly insert: string;
  readonly drop: string;
};

/** A table of that many bytes, for the disk of a server. One that is not whole is made anew. */
export function tableReserve(
  sql: ReserveSql,
  run: (sql: string, values: readonly unknown[]) => Promise<readonly Readonly<Record<string, unknown>>[]>,
  bytes: number,
): Reserve {
  const rows = Math.ceil(bytes / CHUNK);
  const release = async () => void (await run(sql.drop, []));
  const held = async () => Number((await run(sql.count, []))[0]?.held);
  return {
    release,
    holds: async () => {
      try {
        return (await held()) === rows;
      } catch (error) {
        // Given back: that is how the other nodes learn of a full disk.
        if (isMissingTable(error)) return false;
        throw error;
      }
    },
    async take() {
      try {
        await run(sql.create, []);
        const there = await held();
        if (there === rows) return undefined;
        if (there > rows) {
          await release();
          await run(sql.create, []);
        }
        for (let id = there > rows ? 1 : there + 1; id <= rows; id++) await run(sql.insert, [id, randomBytes(CHUNK)]);
        return undefined;
      } catch (error) {
        await release().catch(() => {});
        return codeOf(error);
      }
    },
  };
}

const FIRST_LOOK_MS = 2_000;
const LAST_LOOK_MS = 30_000;
/** How soon a node knows that another has met a full disk. */
const WATCH_MS = 5_000;

/** Decides what is still written once a disk is full. */
export type Room = {
  /** Sets room aside for what ends sessions and rights. Where that fails for another reason than a full disk it says so, and nothing is set aside. */
  setAside(reserve: Reserve): Promise<void>;
  /** Runs a write. `ends`: it takes sessions or rights away, and is the last that may find no room. */
  within<T>(ends: boolean, work: () => Promise<T>): Promise<T>;
  close(): void;
};

/**
 * Once a write finds the disk full, the reserve is given back and only what ends sessions and rights is written, until the reserve can be set aside
 * anew: a full disk keeps nobody signed in. Without a reserve each write is left to the disk.
 */
export function keepRoom(log: StoreLog): Room {
  let reserve: Reserve | undefined;
  let full: Promise<unknown> | undefined;
  let looking: NodeJS.Timeout | undefined;
  let watching: NodeJS.Timeout | undefined;
  let closed = false;

  const lookIn = (wait: number) => {
    if (closed) return;
    looking = setTimeout(async () => {
      const missing = await reserve?.take();
      if (missing !== undefined && isFullCode(missing)) return lookIn(Math.min(2 * wait, LAST_LOOK_MS));
      full = undefined;
      if (missing !== undefined) giveUp(missing);
      else log('the disk has room again: everything is written', {});
    }, wait);
    looking.unref();
  };
  const giveUp = (code: string) => {
    reserve = undefined;
    clearInterval(watching);
    log('no room can be set aside for a full disk', { code });
  };
  /** Resolves when the reserve is given back. */
  const enter = (code: string): Promise<unknown> => {
    if (full !== undefined) return full;
    full = (reserve?.release() ?? Promise.resolve()).catch(() => {});
    log('the disk is full: until it has room only what ends sessions and rights is written', { code });
    lookIn(FIRST_LOOK_MS);
    return full;
  };

  const watch = async () => {
    // A database that does not answer says nothing about its disk.
    const holds = full !== undefined || reserve === undefined || (await reserve.holds().catch(() => true));
    if (!holds && !closed) await enter('DISK_FULL');
  };

  return {
    async setAside(given) {
      reserve = given;
      const missing = await given.take();
      if (missing !== undefined && !isFullCode(missing)) return giveUp(missing);
      watching = setInterval(watch, WATCH_MS);
      watching.unref();
      if (missing !== undefined) await enter(missing);
    },
    async within(ends, work) {
      if (full !== undefined && !ends) throw new StorageFault('DISK_FULL', fullWords('DISK_FULL'));
      try {
        return await work();
      } catch (error) {
        const code = codeOf(error);
        if (reserve === undefined || !isFullCode(code)) throw error;
        await enter(code);
        if (!ends) throw error;
        return await work();
      }
    },
    close() {
      closed = true;
      clearTimeout(looking);
      clearInterval(watching);
    },
  };
}
