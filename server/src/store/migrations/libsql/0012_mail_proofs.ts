import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `mail_proof` (`tenant_id` text not null, `digest` text not null, `link_digest` text not null, `code_digest` text not null, `purpose` text not null, `identity_id` text not null, `epoch` integer not null, `email` text not null, `replaces` text not null, `binding` text not null, `request` text not null, `expires_at` bigint not null, `attempts` integer not null, `spent_at` bigint null, primary key (`tenant_id`, `digest`));');
    this.addSql('create index `mail_proof_by_identity` on `mail_proof` (`tenant_id`, `identity_id`);');
    this.addSql('create index `mail_proof_by_expiry` on `mail_proof` (`expires_at`);');
    this.addSql('create unique index `mail_proof_by_link` on `mail_proof` (`tenant_id`, `link_digest`);');
  }
}
