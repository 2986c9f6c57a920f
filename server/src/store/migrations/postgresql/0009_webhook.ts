import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table "webhook" ("tenant_id" varchar(255) collate "C" not null, "id" varchar(255) collate "C" not null, "url" text collate "C" not null, "actions" text collate "C" not null, "secret" text collate "C" not null, "old_secret" text collate "C" not null, "old_secret_until" bigint not null, "seq" bigint not null, "enabled" boolean not null, "attempts" int not null, "claims" bigint not null, "due_at" bigint not null, "failing_since" bigint null, "created_at" bigint not null, primary key ("tenant_id", "id"));');
    this.addSql('create index "webhook_by_due" on "webhook" ("enabled", "due_at");');
  }
}
