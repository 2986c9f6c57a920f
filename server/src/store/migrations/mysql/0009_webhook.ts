import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `webhook` (`tenant_id` varbinary(255) not null, `id` varbinary(255) not null, `url` mediumtext collate utf8mb4_bin not null, `actions` mediumtext collate utf8mb4_bin not null, `secret` mediumtext collate utf8mb4_bin not null, `old_secret` mediumtext collate utf8mb4_bin not null, `old_secret_until` bigint not null, `seq` bigint not null, `enabled` tinyint(1) not null, `attempts` int not null, `claims` bigint not null, `due_at` bigint not null, `failing_since` bigint null, `created_at` bigint not null, primary key (`tenant_id`, `id`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `webhook` add index `webhook_by_due` (`enabled`, `due_at`);');
  }
}
