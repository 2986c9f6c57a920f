import type { MigrationEntry } from '../migration_entry.ts';

/** Every migration of this database, in order. Made by scripts/make_migration.ts. */
export const LIBSQL_MIGRATIONS: readonly MigrationEntry[] = [
  { name: '0001_first', load: () => import('./0001_first.ts') },
  { name: '0002_copy_and_purge', load: () => import('./0002_copy_and_purge.ts') },
  { name: '0003_rate_limit', load: () => import('./0003_rate_limit.ts') },
  { name: '0004_second_factors', load: () => import('./0004_second_factors.ts') },
  { name: '0005_mail', load: () => import('./0005_mail.ts') },
  { name: '0006_audit_chain', load: () => import('./0006_audit_chain.ts') },
  { name: '0007_acting_sessions', load: () => import('./0007_acting_sessions.ts') },
  { name: '0008_organisations', load: () => import('./0008_organisations.ts') },
  { name: '0009_webhook', load: () => import('./0009_webhook.ts') },
  { name: '0010_accounts_elsewhere', load: () => import('./0010_accounts_elsewhere.ts') },
  { name: '0011_deletion', load: () => import('./0011_deletion.ts') },
  { name: '0012_mail_proofs', load: () => import('./0012_mail_proofs.ts') },
  { name: '0013_mail_proof_within', load: () => import('./0013_mail_proof_within.ts') },
  { name: '0014_tenants', load: () => import('./0014_tenants.ts') },
  { name: '0015_tenant_suspension', load: () => import('./0015_tenant_suspension.ts') },
  { name: '0016_session_binding', load: () => import('./0016_session_binding.ts') },
  { name: '0017_invitations', load: () => import('./0017_invitations.ts') },
  { name: '0018_known_devices', load: () => import('./0018_known_devices.ts') },
  { name: '0019_identity_standing', load: () => import('./0019_identity_standing.ts') },
];
