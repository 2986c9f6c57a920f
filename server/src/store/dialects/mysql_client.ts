import type { Pool, PoolConnection } from 'mysql2';
import { StorageFault } from '../fault.ts';

/** What a connection of the ORM is asked, as Kysely's driver asks it. */
type Query = (
  sql: string,
  values: readonly unknown[],
  done: (error: Error | null, answer?: unknown) => void,
) => unknown;

export type Bounds = {
  /** A statement is given up after this, and its connection with it. */
  readonly statementMs: number;
  /** A transaction that lasts longer is not committed. */
  readonly transactionMs: number;
};

/** Cuts a connection at once: what it was asked fails, its transaction is rolled back by the server, and the pool takes it back no more. */
function cut(connection: PoolConnection): void {
  (connection as unknown as { stream: { destroy(): void } }).stream.destroy();
}

/** Says `setup` first on every new connection. One on which that fails is not used. */
export function prepareConnections(pool: Pool, setup: string): void {
  pool.on('connection', (connection) => {
    connection.on('error', () => undefined);
    connection.query(setup, (error) => {
      if (error !== null) cut(connection);
    });
  });
}

/**
 * Cuts connections that must not be used again: one whose statement lasts too long, one whose ROLLBACK failed (it may still be inside its
 * transaction), and one whose transaction has lasted too long, which then cannot be committed.
 */
export function boundConnections(pool: Pool, { statementMs, transactionMs }: Bounds): void {
  pool.on('connection', (connection) => {
    const query = connection.query.bind(connection) as unknown as Query;
    const execute = connection.execute.bind(connection) as unknown as Query;
    let transaction: NodeJS.Timeout | undefined;
    let begun = { wall: 0, monotonic: 0 };
    // A suspended machine stops the monotonic clock.
    const lasted = () => Math.max(Date.now() - begun.wall, performance.now() - begun.monotonic);
    const bounded: Query = (sql, values, done) => {
      const ends = sql === 'commit' || sql === 'rollback';
      if (sql === 'begin') {
        begun = { wall: Date.now(), monotonic: performance.now() };
        if (Number.isFinite(transactionMs)) transaction = setTimeout(() => cut(connection), transactionMs).unref();
      }
      if (ends) clearTimeout(transaction);
      if (sql === 'commit' && lasted() > transactionMs) {
        cut(connection);
        return done(new StorageFault('TRANSACTION_TOO_LONG'));
      }
      const statement = setTimeout(() => cut(connection), statementMs).unref();
      // What has its values beside it is prepared once a connection; the ORM's own statements have none.
      return (values.length > 0 ? execute : query)(sql, values, (error, answer) => {
        clearTimeout(statement);
        if (error !== null && sql === 'rollback') cut(connection);
        done(error, answer);
      });
    };
    connection.query = bounded as unknown as typeof connection.query;
  });
}

/** Runs one prepared statement and gives its rows as arrays. Cuts the connection after `statementMs`. */
export function executeOn(
  pool: Pool,
  sql: string,
  values: readonly unknown[],
  statementMs: number,
): Promise<unknown[][]> {
  return new Promise((resolve, reject) => {
    pool.getConnection((refused, connection) => {
      if (refused !== null) return reject(refused);
      const timer = setTimeout(() => cut(connection), statementMs).unref();
      connection.execute({ sql, rowsAsArray: true }, values as never[], (error, rows) => {
        clearTimeout(timer);
        connection.release();
        if (error === null) resolve(rows as unknown as unknown[][]);
        else reject(error);
      });
    });
  });
}
