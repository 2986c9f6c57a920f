import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table "identity" add "state_reason" text collate "C" null, add "locked_until" bigint null;');
  }
}
