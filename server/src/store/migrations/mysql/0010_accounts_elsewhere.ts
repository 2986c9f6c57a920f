import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `linked_account` (`tenant_id` varbinary(255) not null, `account_digest` varbinary(255) not null, `id` varbinary(255) not null, `identity_id` varbinary(255) not null, `provider` varbinary(255) not null, `issuer` mediumtext collate utf8mb4_bin not null, `subject` mediumtext collate utf8mb4_bin not null, `email` mediumtext collate utf8mb4_bin not null, `sealed_tokens` mediumtext collate utf8mb4_bin null, `created_at` bigint not null, `last_used_at` bigint not null, primary key (`tenant_id`, `account_digest`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `linked_account` add index `linked_account_by_identity` (`tenant_id`, `identity_id`);');
    this.addSql('create table `oauth_attempt` (`tenant_id` varbinary(255) not null, `digest` varbinary(255) not null, `provider` varbinary(255) not null, `purpose` varbinary(255) not null, `binding` varbinary(255) not null, `identity_id` varbinary(255) not null, `epoch` int not null, `sealed` mediumtext collate utf8mb4_bin not null, `expires_at` bigint not null, `spent_at` bigint null, primary key (`tenant_id`, `digest`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `oauth_attempt` add index `oauth_attempt_by_identity` (`tenant_id`, `identity_id`);');
    this.addSql('alter table `oauth_attempt` add index `oauth_attempt_by_expiry` (`expires_at`);');
  }
}
