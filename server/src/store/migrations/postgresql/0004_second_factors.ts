import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table "passkey_challenge" ("tenant_id" varchar(255) collate "C" not null, "digest" varchar(255) collate "C" not null, "expires_at" bigint not null, primary key ("tenant_id", "digest"));');
    this.addSql('create index "passkey_challenge_by_expiry" on "passkey_challenge" ("expires_at");');
    this.addSql('create table "passkey" ("tenant_id" varchar(255) collate "C" not null, "credential_digest" varchar(255) collate "C" not null, "credential_id" text collate "C" not null, "identity_id" varchar(255) collate "C" not null, "id" varchar(255) collate "C" not null, "label" text collate "C" not null, "public_key" text collate "C" not null, "counter" bigint not null, "transports" text collate "C" not null, "created_at" bigint not null, "last_used_at" bigint null, primary key ("tenant_id", "credential_digest"));');
    this.addSql('create index "passkey_by_identity" on "passkey" ("tenant_id", "identity_id");');
    this.addSql('create table "pending_sign_in" ("tenant_id" varchar(255) collate "C" not null, "digest" varchar(255) collate "C" not null, "identity_id" varchar(255) collate "C" not null, "epoch" int not null, "session_handle" varchar(255) collate "C" null, "held" boolean not null, "proved" text collate "C" not null, "authenticated_at" bigint not null, "binding" varchar(255) collate "C" not null, "expires_at" bigint not null, "attempts" int not null, "spent_at" bigint null, primary key ("tenant_id", "digest"));');
    this.addSql('create index "pending_sign_in_by_identity" on "pending_sign_in" ("tenant_id", "identity_id");');
    this.addSql('create index "pending_sign_in_by_expiry" on "pending_sign_in" ("expires_at");');
    this.addSql('create table "recovery_code" ("tenant_id" varchar(255) collate "C" not null, "identity_id" varchar(255) collate "C" not null, "digest" varchar(255) collate "C" not null, primary key ("tenant_id", "identity_id", "digest"));');
    this.addSql('create table "remembered_device" ("tenant_id" varchar(255) collate "C" not null, "digest" varchar(255) collate "C" not null, "identity_id" varchar(255) collate "C" not null, "epoch" int not null, "expires_at" bigint not null, primary key ("tenant_id", "digest"));');
    this.addSql('create index "remembered_device_by_identity" on "remembered_device" ("tenant_id", "identity_id");');
    this.addSql('create index "remembered_device_by_expiry" on "remembered_device" ("expires_at");');
    this.addSql('create table "totp" ("tenant_id" varchar(255) collate "C" not null, "identity_id" varchar(255) collate "C" not null, "id" varchar(255) collate "C" not null, "label" text collate "C" not null, "sealed" text collate "C" not null, "last_step" bigint not null, "created_at" bigint not null, "last_used_at" bigint null, primary key ("tenant_id", "identity_id"));');
  }
}
