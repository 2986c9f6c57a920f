import type { IdentifierType, Identity } from '../identity/identity.ts';

/** A second place where people have passwords, such as a table that is not the Trust Layer's own (spec UST). */
export type Elsewhere = {
  /** Whether somebody there has this identifier. */
  has(tenantId: string, type: IdentifierType, value: string): Promise<boolean>;
  /** Checks a password there: one read and one hash, whoever is there. Undefined if it proves nobody. Errors: DATABASE_UNAVAILABLE, HASHING_BUSY. */
  check(attempt: {
    readonly tenantId: string;
    readonly type: IdentifierType;
    /** Canonical; undefined if the text is no identifier. */
    readonly value: string | undefined;
    readonly typed: string;
    readonly password: string;
    /** False where the password must be refused unseen: the work is done all the same. */
    readonly open: boolean;
  }): Promise<ProvedElsewhere | undefined>;
};

/** Somebody whose password was right elsewhere. */
export type ProvedElsewhere = {
  /**
   * The identity, made or brought up to date. `own` is the one that has the identifier here, if any. Undefined if it is another's, or must
   * not sign in.
   */
  admit(actor: string, own: Identity | undefined): Promise<Identity | undefined>;
};
