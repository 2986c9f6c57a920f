import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `copy_progress` (`source` varbinary(255) not null, `progress` mediumtext collate utf8mb4_bin not null, primary key (`source`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `audit_event` add index `audit_event_by_age` (`at`);');
    this.addSql('alter table `session` add index `session_by_expiry` (`expires_at`);');
    this.addSql('alter table `sign_in_code` add index `sign_in_code_by_expiry` (`expires_at`);');
  }
}
