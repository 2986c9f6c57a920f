/** Exit codes of every command. */
export const EXIT = { ok: 0, failure: 1, usage: 2, tampered: 3 } as const;

/** The command was given wrongly; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command has said all there is to say already; only the exit code is left. */
export class Silent extends Error {
  override readonly name = 'Silent';
  readonly exit: number;
  constructor(message: string, exit: number = EXIT.failure) {
    super(message);
    this.exit = exit;
  }
}
