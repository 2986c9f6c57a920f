import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `audit_checkpoint` (`tenant_id` varbinary(255) not null, `seq` bigint unsigned not null, `kind` varbinary(255) not null, `token` mediumtext collate utf8mb4_bin not null, primary key (`tenant_id`, `seq`, `kind`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `audit_event` add `seq` bigint null, add `hash` varbinary(255) null;');
    this.addSql('alter table `audit_event` add index `audit_event_by_chain` (`seq`, `tenant_id`, `at`, `id`);');
  }
}
