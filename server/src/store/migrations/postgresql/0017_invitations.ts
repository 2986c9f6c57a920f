import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table "invitation" ("tenant_id" varchar(255) collate "C" not null, "id" varchar(255) collate "C" not null, "organisation_id" varchar(255) collate "C" not null, "email" text collate "C" not null, "roles" text collate "C" not null, "digest" varchar(255) collate "C" not null, "return_to" text collate "C" not null, "created_at" bigint not null, "expires_at" bigint not null, "accepted_at" bigint null, "revoked_at" bigint null, primary key ("tenant_id", "id"));');
    this.addSql('create index "invitation_by_creation" on "invitation" ("tenant_id", "organisation_id", "created_at", "id");');
    this.addSql('create index "invitation_by_expiry" on "invitation" ("expires_at");');
    this.addSql('alter table "invitation" add constraint "invitation_by_digest" unique ("tenant_id", "digest");');
  }
}
