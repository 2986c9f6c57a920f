import { z } from 'zod';
import { identityId, metadata, roles, textCharacters, versionNumber } from '../../contract/fields.ts';
import { IdentifierType as TypeMessage } from '../../contract/gen/trust/v1/identity.ts';
import { invalidField } from '../../errors/trust_error.ts';
import { canonicalIdentifier, type Identifier, type IdentifierType, MAX_IDENTIFIERS, sameName } from './identity.ts';

const TYPES: Readonly<Record<number, IdentifierType>> = {
  [TypeMessage.EMAIL]: 'email',
  [TypeMessage.PHONE]: 'phone',
  [TypeMessage.USERNAME]: 'username',
};

export const TYPE_MESSAGES = {
  email: TypeMessage.EMAIL,
  phone: TypeMessage.PHONE,
  username: TypeMessage.USERNAME,
} as const satisfies Record<IdentifierType, number>;

/** Reads type and value of an identifier; `at` is the path of the fields in the request, such as `identifiers[0].`. */
export function readIdentifier(
  given: { readonly type: number; readonly value: string; readonly verified: boolean },
  paths: { readonly type: string; readonly value: string },
): Identifier {
  const type = TYPES[given.type];
  if (type === undefined) throw invalidField(paths.type, 'must be EMAIL, PHONE or USERNAME');
  // Bounds come first: no pattern ever runs over a long text.
  const value = given.value.length <= 254 ? canonicalIdentifier(type, given.value) : undefined;
  if (value === undefined) throw invalidField(paths.value, `is not a valid ${NAMES[type]}`);
  return { type, value, verified: given.verified };
}

const NAMES = { email: 'e-mail address', phone: 'phone number (E.164)', username: 'user name' } as const;

/** Reads the identifiers of a new identity: 1 to 10, none twice. */
export function readIdentifiers(
  given: readonly { readonly type: number; readonly value: string; readonly verified: boolean }[],
): readonly Identifier[] {
  if (given.length < 1 || given.length > MAX_IDENTIFIERS) {
    throw invalidField('identifiers', `must be 1 to ${MAX_IDENTIFIERS}`);
  }
  const read = given.map((one, index) =>
    readIdentifier(one, { type: `identifiers[${index}].type`, value: `identifiers[${index}].value` }),
  );
  for (const [index, one] of read.entries()) {
    if (read.slice(0, index).some((other) => sameName(other, one))) {
      throw invalidField(`identifiers[${index}].value`, 'is there twice');
    }
  }
  return read;
}

export const displayName = textCharacters(128);

export const createFields = z.object({ displayName, roles, metadata });

export const updateFields = z.object({
  identityId,
  displayName: displayName.optional(),
  roles: z.object({ values: roles }).optional(),
  metadata: z.object({ entries: metadata }).optional(),
  expectedVersion: versionNumber,
});
