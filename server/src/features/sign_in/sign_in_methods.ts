import { TrustError } from '../../errors/trust_error.ts';

/** Ways in beside the password: which of them a tenant has (spec MFA-11). */
export type SignInMethods = { readonly mail: boolean; readonly passkey: boolean; readonly oauth: boolean };

/** Errors: FEATURE_NOT_CONFIGURED. */
export function refuseMethod(
  { signInMethods }: { readonly signInMethods: SignInMethods },
  method: keyof SignInMethods,
): void {
  if (!signInMethods[method])
    throw new TrustError('FEATURE_NOT_CONFIGURED', { metadata: { feature: `sign_in_by_${method}` } });
}
