import type { Reason } from './catalog.ts';

/** One refused field: its path in the request and what is wrong with it. Never its value (spec ERR-6). */
export type FieldViolation = { readonly field: string; readonly description: string };

export type TrustErrorOptions = {
  /** Facts for the caller; never a secret. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly fields?: readonly FieldViolation[];
  /** When to come back, in milliseconds. */
  readonly retryAfterMs?: number;
  /** What went wrong inside; goes to the log, never to the caller. */
  readonly cause?: unknown;
};

/** The one error that features throw. It means that no decision was made; its receiver treats it as a denial. */
export class TrustError extends Error {
  override readonly name = 'TrustError';
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fields: readonly FieldViolation[];
  readonly retryAfterMs: number | undefined;

  constructor(reason: Reason, options: TrustErrorOptions = {}) {
    super(reason, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.metadata = options.metadata ?? {};
    this.fields = options.fields ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Refuses one field. */
export function invalidField(field: string, description: string): TrustError {
  return new TrustError('INVALID_FIELD', { fields: [{ field, description }] });
}
