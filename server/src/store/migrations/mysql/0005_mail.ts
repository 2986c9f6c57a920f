import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `mail` (`tenant_id` varbinary(255) not null, `id` varbinary(255) not null, `sealed` mediumtext collate utf8mb4_bin not null, `created_at` bigint not null, `expires_at` bigint not null, `due_at` bigint not null, `attempts` int not null, primary key (`tenant_id`, `id`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `mail` add index `mail_by_due` (`due_at`);');
    this.addSql('alter table `mail` add index `mail_by_expiry` (`expires_at`);');
  }
}
