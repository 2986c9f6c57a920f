import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `invitation` (`tenant_id` varbinary(255) not null, `id` varbinary(255) not null, `organisation_id` varbinary(255) not null, `email` mediumtext collate utf8mb4_bin not null, `roles` mediumtext collate utf8mb4_bin not null, `digest` varbinary(255) not null, `return_to` mediumtext collate utf8mb4_bin not null, `created_at` bigint not null, `expires_at` bigint not null, `accepted_at` bigint null, `revoked_at` bigint null, primary key (`tenant_id`, `id`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `invitation` add index `invitation_by_creation` (`tenant_id`, `organisation_id`, `created_at`, `id`);');
    this.addSql('alter table `invitation` add index `invitation_by_expiry` (`expires_at`);');
    this.addSql('alter table `invitation` add unique `invitation_by_digest` (`tenant_id`, `digest`);');
  }
}
