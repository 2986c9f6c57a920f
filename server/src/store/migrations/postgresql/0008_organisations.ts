import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table "membership" ("tenant_id" varchar(255) collate "C" not null, "organisation_id" varchar(255) collate "C" not null, "identity_id" varchar(255) collate "C" not null, "roles" text collate "C" not null, "created_at" bigint not null, primary key ("tenant_id", "organisation_id", "identity_id"));');
    this.addSql('create index "membership_by_creation" on "membership" ("tenant_id", "organisation_id", "created_at", "identity_id");');
    this.addSql('create index "membership_by_identity" on "membership" ("tenant_id", "identity_id", "created_at", "organisation_id");');
    this.addSql('create table "organisation" ("tenant_id" varchar(255) collate "C" not null, "id" varchar(255) collate "C" not null, "display_name" text collate "C" not null, "roles" text collate "C" not null, "metadata" text collate "C" not null, "version" bigint not null, "created_at" bigint not null, "updated_at" bigint not null, primary key ("tenant_id", "id"));');
    this.addSql('create index "organisation_by_creation" on "organisation" ("tenant_id", "created_at", "id");');
    this.addSql('alter table "session" add "organisation_id" varchar(255) collate "C" null;');
  }
}
