import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table "audit_checkpoint" ("tenant_id" varchar(255) collate "C" not null, "seq" bigint not null, "kind" varchar(255) collate "C" not null, "token" text collate "C" not null, primary key ("tenant_id", "seq", "kind"));');
    this.addSql('alter table "audit_event" add "seq" bigint null, add "hash" varchar(255) collate "C" null;');
    this.addSql('create index "audit_event_by_chain" on "audit_event" ("seq", "tenant_id", "at", "id");');
  }
}
