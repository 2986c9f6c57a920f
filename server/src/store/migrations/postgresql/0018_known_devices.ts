import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table "known_device" ("tenant_id" varchar(255) collate "C" not null, "digest" varchar(255) collate "C" not null, "identity_id" varchar(255) collate "C" not null, "browser" text collate "C" not null, "platform" text collate "C" not null, "place" varchar(255) collate "C" not null, "first_seen_at" bigint not null, "last_seen_at" bigint not null, primary key ("tenant_id", "digest"));');
    this.addSql('create index "known_device_by_identity" on "known_device" ("tenant_id", "identity_id");');
    this.addSql('create index "known_device_by_age" on "known_device" ("last_seen_at");');
  }
}
