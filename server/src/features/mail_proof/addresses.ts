import { invalidField } from '../../errors/trust_error.ts';
import { canonicalIdentifier, type Identity } from '../identity/identity.ts';

/** The canonical form of an address that somebody typed. Errors: INVALID_FIELD. */
export function emailOf(typed: string, field: string): string {
  const email = canonicalIdentifier('email', typed);
  if (email === undefined) throw invalidField(field, 'is not a valid e-mail address');
  return email;
}

/** Whether an address is one of an identity, and a verified one if that is asked for. */
export const holds = ({ identifiers }: Pick<Identity, 'identifiers'>, email: string, how?: 'verified'): boolean =>
  identifiers.some(
    ({ type, value, verified }) => type === 'email' && value === email && (verified || how === undefined),
  );

/** The identity with an address of it verified. */
export const withVerified = (identity: Identity, email: string): Identity => ({
  ...identity,
  identifiers: identity.identifiers.map((one) =>
    one.type === 'email' && one.value === email ? { ...one, verified: true } : one,
  ),
});
