import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `known_device` (`tenant_id` varbinary(255) not null, `digest` varbinary(255) not null, `identity_id` varbinary(255) not null, `browser` mediumtext collate utf8mb4_bin not null, `platform` mediumtext collate utf8mb4_bin not null, `place` varbinary(255) not null, `first_seen_at` bigint not null, `last_seen_at` bigint not null, primary key (`tenant_id`, `digest`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `known_device` add index `known_device_by_identity` (`tenant_id`, `identity_id`);');
    this.addSql('alter table `known_device` add index `known_device_by_age` (`last_seen_at`);');
  }
}
