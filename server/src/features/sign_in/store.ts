import type { Instant } from '../../kernel/clock.ts';
import type { Trail } from '../change/change.ts';
import type { SignInCode } from './sign_in_code.ts';

export type SpentCode = {
  readonly code: SignInCode;
  /** True for exactly one caller, however many try at once. */
  readonly first: boolean;
  /** Handle that the first use set aside for its session. */
  readonly sessionHandle: string;
};

export type SignInCodeStore = {
  insert(code: SignInCode, trail: Trail): Promise<void>;
  /** Spends a code and notes `sessionHandle` for the session to come; a later call marks it replayed. Undefined if unknown. */
  spend(tenantId: string, digest: string, sessionHandle: string, now: Instant): Promise<SpentCode | undefined>;
  /** Whether a second caller tried the code. */
  wasReplayed(tenantId: string, digest: string): Promise<boolean>;
};
