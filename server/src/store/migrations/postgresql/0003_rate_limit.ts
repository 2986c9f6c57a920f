import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table "rate_limit" ("tenant_id" varchar(255) collate "C" not null, "subject" varchar(255) collate "C" not null, "arrival" bigint not null, primary key ("tenant_id", "subject"));');
    this.addSql('create index "rate_limit_by_arrival" on "rate_limit" ("arrival");');
  }
}
