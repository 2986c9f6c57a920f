// Prints the table of what each act ends, as the code has it, into the pages that show it.
import { readFileSync, writeFileSync } from 'node:fs';
import { type Act, CASCADE, type Effects } from '../server/src/features/cascade/cascade.ts';
import { WIDE_CASCADE, type WideAct, type WideEffect } from '../server/src/features/cascade/wide_cascade.ts';

/** The pages, each with the table between two marks. */
export const CASCADE_PAGES = ['docs/guide/accounts.md', 'spec/14_accounts.md'];

const ACTS: Readonly<Record<Act, string>> = {
  sessions_revoked: 'sign out everywhere',
  password_changed: 'a new password',
  password_reset: 'a new password, by mail',
  first_factor_added: 'the first second factor',
  factor_added: 'a further factor',
  factor_removed: 'a factor taken away',
  recovery_codes_made: 'new recovery codes',
  devices_forgotten: 'remembered devices forgotten',
  account_linked: 'an account elsewhere linked',
  account_unlinked: 'an account elsewhere taken away',
  identifier_added: 'an identifier added',
  identifier_removed: 'an identifier taken away',
  email_changed: 'an e-mail address in the place of another',
  roles_changed: 'other roles',
  identity_disabled: 'the identity disabled',
  identity_locked: 'the identity locked',
  guest_completed: 'a guest becomes an account',
  deletion_requested: 'deletion asked for',
  identity_deleted: 'the identity deleted',
};

const WIDE_ACTS: Readonly<Record<WideAct, string>> = {
  role_changed: 'other permissions of a role, or a role deleted',
  member_roles_changed: 'other roles in an organisation',
  member_removed: 'a membership ended',
  organisation_deleted: 'an organisation deleted',
  service_key_revoked: 'a service key revoked',
  tenant_suspended: 'the tenant suspended',
};

const COLUMNS: Readonly<Record<keyof Effects, string>> = {
  sessions: 'sessions',
  trustTokens: 'Trust Tokens',
  codes: 'one-time codes',
  pendingSignIns: 'pending sign-ins',
  rememberedDevices: 'remembered devices',
  linkedAccounts: 'accounts elsewhere',
};

const WORDS = {
  kept: 'kept',
  others_ended: 'ended, but its own',
  ended: '**ended**',
  acting_ended: 'ended, if others act in it by that key',
  held: 'refused until it is resumed',
} as const;

/** A session goes on without its organisation; a token cannot. */
const wideWords = (column: keyof Effects, effect: WideEffect): string => {
  if (effect !== 'organisation_ended') return WORDS[effect];
  return column === 'sessions' ? 'kept, without the organisation' : 'ended, if it names the organisation';
};

function table(): string {
  const columns = Object.keys(COLUMNS) as (keyof Effects)[];
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    row(['act', ...columns.map((column) => COLUMNS[column])]),
    row(['act', ...columns].map(() => '---')),
    ...(Object.keys(CASCADE) as Act[]).map((act) =>
      row([`${ACTS[act]} \`${act}\``, ...columns.map((column) => WORDS[CASCADE[act][column]])]),
    ),
    ...(Object.keys(WIDE_CASCADE) as WideAct[]).map((act) =>
      row([`${WIDE_ACTS[act]} \`${act}\``, ...columns.map((column) => wideWords(column, WIDE_CASCADE[act][column]))]),
    ),
  ].join('\n');
}

const [OPEN, CLOSE] = ['<!-- cascade: printed by npm run gen -->', '<!-- /cascade -->'] as const;

/** A page with the table as it is now. */
export function withCascade(page: string): string {
  const [before, rest] = page.split(OPEN);
  const after = rest?.split(CLOSE)[1];
  if (after === undefined) throw new Error('the page has no place for the table');
  return `${before}${OPEN}\n${table()}\n${CLOSE}${after}`;
}

export function printCascade(): void {
  for (const path of CASCADE_PAGES) writeFileSync(path, withCascade(readFileSync(path, 'utf8')));
}
