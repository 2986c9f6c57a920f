import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table "tenant" add "public_url" text collate "C" null, add "host" varchar(255) collate "C" null;');
    this.addSql('alter table "tenant" add constraint "tenant_by_host" unique ("host");');
  }
}
