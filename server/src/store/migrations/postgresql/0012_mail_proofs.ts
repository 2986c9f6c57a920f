import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table "mail_proof" ("tenant_id" varchar(255) collate "C" not null, "digest" varchar(255) collate "C" not null, "link_digest" varchar(255) collate "C" not null, "code_digest" varchar(255) collate "C" not null, "purpose" varchar(255) collate "C" not null, "identity_id" varchar(255) collate "C" not null, "epoch" int not null, "email" text collate "C" not null, "replaces" text collate "C" not null, "binding" varchar(255) collate "C" not null, "request" text collate "C" not null, "expires_at" bigint not null, "attempts" int not null, "spent_at" bigint null, primary key ("tenant_id", "digest"));');
    this.addSql('create index "mail_proof_by_identity" on "mail_proof" ("tenant_id", "identity_id");');
    this.addSql('create index "mail_proof_by_expiry" on "mail_proof" ("expires_at");');
    this.addSql('alter table "mail_proof" add constraint "mail_proof_by_link" unique ("tenant_id", "link_digest");');
  }
}
