import type pg from 'pg';
import { StorageFault } from '../fault.ts';
import type { OpenDialect, StoreLog } from './dialect.ts';

/** What is said on a connection of the ORM, as Kysely's driver says it. */
type Query = (...said: unknown[]) => Promise<unknown>;

/**
 * Ends connections that must not be used again. One whose ROLLBACK failed may still be inside its transaction (the answer was late, not lost),
 * and the next one that gets it from the pool would commit what was to be undone. One whose transaction has lasted longer than `longestMs`
 * must not commit at all. The pool takes no ended connection back.
 */
export function boundTransactions(pool: pg.Pool, longestMs = Number.POSITIVE_INFINITY): void {
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as Query;
    let timer: NodeJS.Timeout | undefined;
    let begun = 0;
    const cut = () => void client.end().catch(() => undefined);
    const bounded: Query = (...said) => {
      if (said[0] === 'begin') {
        begun = performance.now();
        if (Number.isFinite(longestMs)) timer = setTimeout(cut, longestMs).unref();
      }
      if (said[0] === 'commit' || said[0] === 'rollback') clearTimeout(timer);
      // After a pause of the process this is earlier than the timer.
      if (said[0] === 'commit' && performance.now() - begun > longestMs) {
        cut();
        return Promise.reject(new StorageFault('TRANSACTION_TOO_LONG'));
      }
      const answer = query(...preparedOnce(said));
      if (said[0] === 'rollback') answer.catch(cut);
      return answer;
    };
    client.query = bounded as typeof client.query;
  });
}

const prepared = new Map<string, { readonly name: string; readonly text: string }>();

/** A statement that has its values beside it is prepared once a connection; the ORM's own have none. */
function preparedOnce(said: readonly unknown[]): readonly unknown[] {
  const [sql, values] = said;
  if (typeof sql !== 'string' || !Array.isArray(values) || values.length === 0) return said;
  let statement = prepared.get(sql);
  if (statement === undefined) {
    let place = 0;
    const text = sql.replaceAll('?', () => {
      place += 1;
      return `$${place}`;
    });
    statement = { name: `said_${prepared.size}`, text };
    prepared.set(sql, statement);
  }
  return [{ ...statement, values }];
}

/**
 * Says NOTIFY after the commits that it tells of, one at a time for all that came meanwhile. Inside of the transactions it would make PostgreSQL
 * commit them one after the other, in all databases of the server: half the writes a second at ten writers. What is lost here is found by polling.
 */
export function notifierOf(say: () => Promise<unknown>): () => void {
  let underWay = false;
  let again = false;
  const run = async () => {
    underWay = true;
    do {
      again = false;
      await say().catch(() => undefined);
    } while (again);
    underWay = false;
  };
  return () => {
    again = true;
    if (!underWay) void run();
  };
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/** Listens on a channel over a connection of its own. A lost one is opened again; `wake` is called then too, for what was missed. */
export function listenOn(
  channel: string,
  connect: () => pg.Client,
  wake: () => void,
  log: StoreLog,
): ReturnType<NonNullable<OpenDialect['listen']>> {
  let ended = false;
  let hears = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let wait = FIRST_WAIT_MS;

  const lost = (from: pg.Client, error: unknown) => {
    if (ended || client !== from) return;
    client = undefined;
    hears = false;
    log('no longer told of changes, only asking', { code: (error as { code?: string } | undefined)?.code ?? 'ENDED' });
    from.end().catch(() => undefined);
    timer = setTimeout(open, wait).unref();
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  };

  function open(): void {
    const fresh = connect();
    client = fresh;
    fresh.on('notification', wake);
    fresh.on('error', (error) => lost(fresh, error));
    fresh.on('end', () => lost(fresh, undefined));
    fresh
      .connect()
      .then(() => fresh.query(`listen ${channel}`))
      .then(() => {
        wait = FIRST_WAIT_MS;
        hears = client === fresh;
        wake();
      })
      .catch((error: unknown) => lost(fresh, error));
  }

  open();
  return {
    hears: () => hears,
    end: () => {
      ended = true;
      clearTimeout(timer);
      client?.end().catch(() => undefined);
    },
  };
}
