import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `rate_limit` (`tenant_id` varbinary(255) not null, `subject` varbinary(255) not null, `arrival` bigint not null, primary key (`tenant_id`, `subject`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `rate_limit` add index `rate_limit_by_arrival` (`arrival`);');
  }
}
