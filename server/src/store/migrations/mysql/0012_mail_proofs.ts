import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `mail_proof` (`tenant_id` varbinary(255) not null, `digest` varbinary(255) not null, `link_digest` varbinary(255) not null, `code_digest` varbinary(255) not null, `purpose` varbinary(255) not null, `identity_id` varbinary(255) not null, `epoch` int not null, `email` mediumtext collate utf8mb4_bin not null, `replaces` mediumtext collate utf8mb4_bin not null, `binding` varbinary(255) not null, `request` mediumtext collate utf8mb4_bin not null, `expires_at` bigint not null, `attempts` int not null, `spent_at` bigint null, primary key (`tenant_id`, `digest`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `mail_proof` add index `mail_proof_by_identity` (`tenant_id`, `identity_id`);');
    this.addSql('alter table `mail_proof` add index `mail_proof_by_expiry` (`expires_at`);');
    this.addSql('alter table `mail_proof` add unique `mail_proof_by_link` (`tenant_id`, `link_digest`);');
  }
}
