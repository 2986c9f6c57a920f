import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `invitation` (`tenant_id` text not null, `id` text not null, `organisation_id` text not null, `email` text not null, `roles` text not null, `digest` text not null, `return_to` text not null, `created_at` bigint not null, `expires_at` bigint not null, `accepted_at` bigint null, `revoked_at` bigint null, primary key (`tenant_id`, `id`));');
    this.addSql('create index `invitation_by_creation` on `invitation` (`tenant_id`, `organisation_id`, `created_at`, `id`);');
    this.addSql('create index `invitation_by_expiry` on `invitation` (`expires_at`);');
    this.addSql('create unique index `invitation_by_digest` on `invitation` (`tenant_id`, `digest`);');
  }
}
