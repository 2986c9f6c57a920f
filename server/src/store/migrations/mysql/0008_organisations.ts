import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `membership` (`tenant_id` varbinary(255) not null, `organisation_id` varbinary(255) not null, `identity_id` varbinary(255) not null, `roles` mediumtext collate utf8mb4_bin not null, `created_at` bigint not null, primary key (`tenant_id`, `organisation_id`, `identity_id`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `membership` add index `membership_by_creation` (`tenant_id`, `organisation_id`, `created_at`, `identity_id`);');
    this.addSql('alter table `membership` add index `membership_by_identity` (`tenant_id`, `identity_id`, `created_at`, `organisation_id`);');
    this.addSql('create table `organisation` (`tenant_id` varbinary(255) not null, `id` varbinary(255) not null, `display_name` mediumtext collate utf8mb4_bin not null, `roles` mediumtext collate utf8mb4_bin not null, `metadata` mediumtext collate utf8mb4_bin not null, `version` bigint not null, `created_at` bigint not null, `updated_at` bigint not null, primary key (`tenant_id`, `id`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `organisation` add index `organisation_by_creation` (`tenant_id`, `created_at`, `id`);');
    this.addSql('alter table `session` add `organisation_id` varbinary(255) null;');
  }
}
