import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table "copy_progress" ("source" varchar(255) collate "C" not null, "progress" text collate "C" not null, primary key ("source"));');
    this.addSql('create index "audit_event_by_age" on "audit_event" ("at");');
    this.addSql('create index "session_by_expiry" on "session" ("expires_at");');
    this.addSql('create index "sign_in_code_by_expiry" on "sign_in_code" ("expires_at");');
  }
}
