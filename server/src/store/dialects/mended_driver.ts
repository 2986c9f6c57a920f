type Connection = { executeQuery(...query: never[]): Promise<unknown> };

/** The part of a Kysely driver that opens and ends transactions. */
type TransactionDriver = {
  beginTransaction(connection: Connection, settings: never): Promise<void>;
  commitTransaction(connection: Connection): Promise<void>;
  rollbackTransaction(connection: Connection): Promise<void>;
};

/**
 * Kysely never gives back the connection of a transaction whose BEGIN or ROLLBACK fails: on libSQL every later call would wait for ever, on
 * PostgreSQL the pool would run dry. So a failed BEGIN is thrown by the first statement of the transaction instead, which leads to a ROLLBACK;
 * and a failed ROLLBACK is passed over: the database has ended the transaction already (full disk) or the connection is gone.
 * `begin` and `commit` replace what opens a transaction and what keeps it.
 */
export function mendTransactions<T extends { createDriver(): unknown }>(
  dialect: T,
  { begin, commit }: { readonly begin?: () => Promise<void>; readonly commit?: () => Promise<void> } = {},
): T {
  const createDriver = dialect.createDriver.bind(dialect);
  dialect.createDriver = () => {
    const driver = createDriver() as TransactionDriver;
    const original = {
      begin: driver.beginTransaction.bind(driver),
      commit: driver.commitTransaction.bind(driver),
      rollback: driver.rollbackTransaction.bind(driver),
    };
    const failed = new Map<Connection, { error: unknown; executeQuery: Connection['executeQuery'] }>();
    driver.beginTransaction = async (connection, settings) => {
      try {
        await (begin === undefined ? original.begin(connection, settings) : begin());
      } catch (error) {
        failed.set(connection, { error, executeQuery: connection.executeQuery });
        connection.executeQuery = () => Promise.reject(error);
      }
    };
    driver.commitTransaction = async (connection) => {
      const failure = failed.get(connection);
      if (failure !== undefined) throw failure.error;
      await (commit === undefined ? original.commit(connection) : commit());
    };
    driver.rollbackTransaction = async (connection) => {
      const failure = failed.get(connection);
      if (failure === undefined) return await original.rollback(connection).catch(() => undefined);
      failed.delete(connection);
      connection.executeQuery = failure.executeQuery;
    };
    return driver;
  };
  return dialect;
}
