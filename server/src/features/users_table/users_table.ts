import { createHash } from 'node:crypto';
import { metadata, roles } from '../../contract/fields.ts';
import { displayName } from '../identity/fields.ts';
import { canonicalIdentifier, type Identifier, type IdentifierType, type Identity } from '../identity/identity.ts';
import type { UsersRow } from './store.ts';

/** Somebody in the table. */
export type TableUser = {
  /** What the identity is called here: the same for the same row, for ever. */
  readonly identityId: string;
  readonly identifier: Pick<Identifier, 'type' | 'value'>;
  /** Undefined if the table does not say. */
  readonly verified: boolean | undefined;
  readonly hash: string | undefined;
  readonly active: boolean;
  readonly displayName: string | undefined;
  readonly roles: readonly string[] | undefined;
  readonly metadata: Readonly<Record<string, string>>;
};

const MAX_ID = 255;

/**
 * The one row that has an identifier. The database may compare more loosely than we do (by case, accents, trailing spaces): the row's own
 * text decides. None, and more than one, are nobody (spec UST-3).
 */
export function userOf(
  tenantId: string,
  type: IdentifierType,
  value: string,
  rows: readonly UsersRow[],
): TableUser | undefined {
  const same = rows.filter(
    ({ identifier }) => identifier !== undefined && canonicalIdentifier(type, identifier) === value,
  );
  const [row] = same;
  if (row === undefined || same.length > 1) return undefined;
  const { id = '' } = row;
  if (id === '' || id.length > MAX_ID) return undefined;
  return {
    identityId: identityIdOf(tenantId, id),
    identifier: { type, value },
    verified: 'verified' in row ? isTrue(row.verified) : undefined,
    hash: row.password,
    active: 'active' in row ? isTrue(row.active) : true,
    displayName: 'name' in row ? nameOf(row.name) : undefined,
    roles: 'roles' in row ? rolesOf(row.roles) : undefined,
    metadata: metadataOf(row),
  };
}

/** By the id of the row, never by a name that may pass to somebody else. */
function identityIdOf(tenantId: string, id: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(['trust-layer users table', tenantId, id]))
    .digest('hex');
  return `idn_${digest.slice(0, 32)}`;
}

const TRUE = new Set(['1', 'true', 't', 'yes', 'y', 'on', 'active', 'enabled']);
const isTrue = (text: string | undefined) => text !== undefined && TRUE.has(text.trim().toLowerCase());

/** Facts that break the bounds of ours are left out: the right to sign in does not hang on them, and what is missing gives no rights. */
function nameOf(text = ''): string {
  return displayName.safeParse(text).success ? text : '';
}

function rolesOf(text = ''): readonly string[] {
  const listed = listOf(text).map((role) => role.trim());
  const fit = [...new Set(listed)].filter((role) => roles.safeParse([role]).success);
  return roles.safeParse(fit).success ? fit : [];
}

/** A JSON array of texts, or texts separated by commas. */
function listOf(text: string): readonly string[] {
  if (!text.startsWith('[')) return text.split(',');
  try {
    const read: unknown = JSON.parse(text);
    return Array.isArray(read) ? read.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

const PREFIX = 'metadata.';

function metadataOf(row: UsersRow): Readonly<Record<string, string>> {
  const entries = Object.entries(row).flatMap(([name, value]) =>
    name.startsWith(PREFIX) && value !== undefined ? [[name.slice(PREFIX.length), value] as const] : [],
  );
  return Object.fromEntries(entries.filter(([key, value]) => metadata.safeParse({ [key]: value }).success));
}

/** The identity with the facts that the table has of it; undefined if it has them already. */
export function withFactsOf(user: TableUser, identity: Identity): Identity | undefined {
  const { type, value } = user.identifier;
  const known = identity.identifiers.find((one) => one.type === type && one.value === value);
  const verified = user.verified ?? known?.verified ?? false;
  const others = identity.identifiers.filter((one) => one.type !== type);
  const after = {
    ...identity,
    identifiers: [{ type, value, verified }, ...others],
    displayName: user.displayName ?? identity.displayName,
    roles: user.roles ?? identity.roles,
    metadata: { ...identity.metadata, ...user.metadata },
  };
  return JSON.stringify(factsOf(after)) === JSON.stringify(factsOf(identity)) ? undefined : after;
}

const factsOf = ({ identifiers, displayName: name, roles: held, metadata: more }: Identity) => [
  identifiers.map(({ type, value, verified }) => [type, value, verified]),
  name,
  held,
  Object.entries(more).sort(),
];
