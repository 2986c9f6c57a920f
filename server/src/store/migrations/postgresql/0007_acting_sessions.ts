import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table "session" add "acting" text collate "C" null, add "parent_handle" varchar(255) collate "C" null, add "acting_key" varchar(255) collate "C" null;');
    this.addSql('create index "session_by_parent" on "session" ("tenant_id", "parent_handle");');
    this.addSql('create index "session_by_acting_key" on "session" ("tenant_id", "acting_key");');
  }
}
