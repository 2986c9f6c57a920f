import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `audit_event` (`tenant_id` text not null, `id` text not null, `at` bigint not null, `action` text not null, `actor` text not null, `identity_id` text not null, `subject` text not null, `facts` text not null, primary key (`tenant_id`, `id`));');
    this.addSql('create index `audit_event_by_time` on `audit_event` (`tenant_id`, `at`, `id`);');
    this.addSql('create index `audit_event_by_identity` on `audit_event` (`tenant_id`, `identity_id`, `at`, `id`);');
    this.addSql('create index `audit_event_by_action` on `audit_event` (`tenant_id`, `action`, `at`, `id`);');
    this.addSql('create table `change` (`position` integer not null primary key autoincrement, `tenant_id` text not null, `kind` text not null, `subject` text not null, `version` bigint not null, `epoch` bigint not null, `ended` integer not null, `written_at` bigint not null);');
    this.addSql('create index `change_by_time` on `change` (`written_at`);');
    this.addSql('create table `identifier` (`tenant_id` text not null, `type` text not null, `value` text not null, `identity_id` text not null, `place` integer not null, `verified` integer not null, primary key (`tenant_id`, `type`, `value`));');
    this.addSql('create index `identifier_by_identity` on `identifier` (`tenant_id`, `identity_id`, `place`);');
    this.addSql('create table `identity` (`tenant_id` text not null, `id` text not null, `display_name` text not null, `roles` text not null, `metadata` text not null, `active` integer not null, `epoch` integer not null, `version` integer not null, `created_at` bigint not null, `updated_at` bigint not null, primary key (`tenant_id`, `id`));');
    this.addSql('create index `identity_by_creation` on `identity` (`tenant_id`, `created_at`, `id`);');
    this.addSql('create table `password` (`tenant_id` text not null, `identity_id` text not null, `hash` text not null, primary key (`tenant_id`, `identity_id`));');
    this.addSql('create table `service_certificate` (`tenant_id` text not null, `service` text not null, `certificate_name` text not null, primary key (`tenant_id`, `service`, `certificate_name`));');
    this.addSql('create index `service_certificate_by_name` on `service_certificate` (`certificate_name`);');
    this.addSql('create table `service` (`tenant_id` text not null, `name` text not null, `scopes` text not null, `audiences` text not null, `certificate_names` text not null, `created_at` bigint not null, primary key (`tenant_id`, `name`));');
    this.addSql('create table `service_key` (`id` text not null primary key, `tenant_id` text not null, `service` text not null, `digest` text not null, `created_at` bigint not null, `expires_at` bigint null, `revoked_at` bigint null);');
    this.addSql('create index `service_key_by_service` on `service_key` (`tenant_id`, `service`, `created_at`, `id`);');
    this.addSql('create table `session` (`tenant_id` text not null, `handle` text not null, `digest` text not null, `identity_id` text not null, `version` integer not null, `epoch` integer not null, `authenticated_at` bigint not null, `acr` text not null, `amr` text not null, `created_at` bigint not null, `last_used_at` bigint not null, `expires_at` bigint not null, `idle_timeout` bigint not null, `revoked_at` bigint null, `user_agent` text not null, `ip_address` text not null, `label` text not null, primary key (`tenant_id`, `handle`));');
    this.addSql('create index `session_by_identity` on `session` (`tenant_id`, `identity_id`, `created_at`, `handle`);');
    this.addSql('create unique index `session_by_digest` on `session` (`tenant_id`, `digest`);');
    this.addSql('create table `sign_in_code` (`tenant_id` text not null, `digest` text not null, `identity_id` text not null, `epoch` integer not null, `code_challenge` text not null, `return_to` text not null, `acr` text not null, `amr` text not null, `authenticated_at` bigint not null, `expires_at` bigint not null, `spent_at` bigint null, `session_handle` text null, `replayed` integer not null, primary key (`tenant_id`, `digest`));');
    this.addSql('create index `sign_in_code_by_identity` on `sign_in_code` (`tenant_id`, `identity_id`);');
    this.addSql('create table `signing_key` (`tenant_id` text not null, `kid` text not null, `alg` text not null, `state` text not null, `public_jwk` text not null, `sealed` text not null, `created_at` bigint not null, `activated_at` bigint null, `retiring_at` bigint null, `retired_at` bigint null, primary key (`tenant_id`, `kid`));');
    this.addSql('create table `tenant` (`id` text not null primary key, `settings` text not null, `version` integer not null, `created_at` bigint not null, `updated_at` bigint not null);');
  }
}
