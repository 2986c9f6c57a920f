import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table "session" add "bound_network" varchar(255) collate "C" null, add "bound_device" text collate "C" null;');
  }
}
