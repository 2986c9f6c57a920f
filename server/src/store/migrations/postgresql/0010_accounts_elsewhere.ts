import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table "linked_account" ("tenant_id" varchar(255) collate "C" not null, "account_digest" varchar(255) collate "C" not null, "id" varchar(255) collate "C" not null, "identity_id" varchar(255) collate "C" not null, "provider" varchar(255) collate "C" not null, "issuer" text collate "C" not null, "subject" text collate "C" not null, "email" text collate "C" not null, "sealed_tokens" text collate "C" null, "created_at" bigint not null, "last_used_at" bigint not null, primary key ("tenant_id", "account_digest"));');
    this.addSql('create index "linked_account_by_identity" on "linked_account" ("tenant_id", "identity_id");');
    this.addSql('create table "oauth_attempt" ("tenant_id" varchar(255) collate "C" not null, "digest" varchar(255) collate "C" not null, "provider" varchar(255) collate "C" not null, "purpose" varchar(255) collate "C" not null, "binding" varchar(255) collate "C" not null, "identity_id" varchar(255) collate "C" not null, "epoch" int not null, "sealed" text collate "C" not null, "expires_at" bigint not null, "spent_at" bigint null, primary key ("tenant_id", "digest"));');
    this.addSql('create index "oauth_attempt_by_identity" on "oauth_attempt" ("tenant_id", "identity_id");');
    this.addSql('create index "oauth_attempt_by_expiry" on "oauth_attempt" ("expires_at");');
  }
}
