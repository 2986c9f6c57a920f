/** A row of the table, as far as it was asked for. Texts only: numbers and truth values are written out. */
export type UsersRow = Readonly<Record<string, string | undefined>>;

/** Reads a table that is not ours. Every failure is DATABASE_UNAVAILABLE. */
export type UsersTableStore = {
  /** Rows whose identifier is the canonical one, in any case, or (as the table is set up) one of both, as the database compares them; at most 3. */
  readByIdentifier(texts: readonly [canonical: string, typed: string]): Promise<readonly UsersRow[]>;
  /** A password hash of the table, whoever's it is; undefined if there is none. */
  anyHash(): Promise<string | undefined>;
};
