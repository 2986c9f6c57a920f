import { TrustError } from '../errors/trust_error.ts';
import type { PageContext } from './routes.ts';
import type { FormFaultView } from './views/form.ts';

/** What a form says that is shown again because work must be proved, and the challenge; undefined for any other error. Who has no scripts is told when to come back. */
export function workAsked(
  error: unknown,
  context: PageContext,
): { readonly fault: FormFaultView; readonly work: string } | undefined {
  if (!(error instanceof TrustError && error.reason === 'PROOF_OF_WORK_REQUIRED')) return undefined;
  const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? 1_000) / 1_000));
  context.header('retry-after', String(seconds));
  const message = context.var.t.signIn.workAsked(Math.ceil(seconds / 60));
  // No field is at fault.
  return { fault: { message, field: 'proof_of_work' }, work: error.metadata.challenge ?? '' };
}
