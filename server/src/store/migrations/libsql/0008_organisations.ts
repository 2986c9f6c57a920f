import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `membership` (`tenant_id` text not null, `organisation_id` text not null, `identity_id` text not null, `roles` text not null, `created_at` bigint not null, primary key (`tenant_id`, `organisation_id`, `identity_id`));');
    this.addSql('create index `membership_by_creation` on `membership` (`tenant_id`, `organisation_id`, `created_at`, `identity_id`);');
    this.addSql('create index `membership_by_identity` on `membership` (`tenant_id`, `identity_id`, `created_at`, `organisation_id`);');
    this.addSql('create table `organisation` (`tenant_id` text not null, `id` text not null, `display_name` text not null, `roles` text not null, `metadata` text not null, `version` bigint not null, `created_at` bigint not null, `updated_at` bigint not null, primary key (`tenant_id`, `id`));');
    this.addSql('create index `organisation_by_creation` on `organisation` (`tenant_id`, `created_at`, `id`);');
    this.addSql('alter table `session` add column `organisation_id` text null;');
  }
}
