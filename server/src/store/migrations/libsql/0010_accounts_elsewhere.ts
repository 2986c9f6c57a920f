import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `linked_account` (`tenant_id` text not null, `account_digest` text not null, `id` text not null, `identity_id` text not null, `provider` text not null, `issuer` text not null, `subject` text not null, `email` text not null, `sealed_tokens` text null, `created_at` bigint not null, `last_used_at` bigint not null, primary key (`tenant_id`, `account_digest`));');
    this.addSql('create index `linked_account_by_identity` on `linked_account` (`tenant_id`, `identity_id`);');
    this.addSql('create table `oauth_attempt` (`tenant_id` text not null, `digest` text not null, `provider` text not null, `purpose` text not null, `binding` text not null, `identity_id` text not null, `epoch` integer not null, `sealed` text not null, `expires_at` bigint not null, `spent_at` bigint null, primary key (`tenant_id`, `digest`));');
    this.addSql('create index `oauth_attempt_by_identity` on `oauth_attempt` (`tenant_id`, `identity_id`);');
    this.addSql('create index `oauth_attempt_by_expiry` on `oauth_attempt` (`expires_at`);');
  }
}
