import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table "identity" add "deletion_at" bigint null;');
    this.addSql('create index "identity_by_deletion" on "identity" ("deletion_at");');
  }
}
