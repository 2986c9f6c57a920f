import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `passkey_challenge` (`tenant_id` varbinary(255) not null, `digest` varbinary(255) not null, `expires_at` bigint not null, primary key (`tenant_id`, `digest`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `passkey_challenge` add index `passkey_challenge_by_expiry` (`expires_at`);');
    this.addSql('create table `passkey` (`tenant_id` varbinary(255) not null, `credential_digest` varbinary(255) not null, `credential_id` mediumtext collate utf8mb4_bin not null, `identity_id` varbinary(255) not null, `id` varbinary(255) not null, `label` mediumtext collate utf8mb4_bin not null, `public_key` mediumtext collate utf8mb4_bin not null, `counter` bigint not null, `transports` mediumtext collate utf8mb4_bin not null, `created_at` bigint not null, `last_used_at` bigint null, primary key (`tenant_id`, `credential_digest`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `passkey` add index `passkey_by_identity` (`tenant_id`, `identity_id`);');
    this.addSql('create table `pending_sign_in` (`tenant_id` varbinary(255) not null, `digest` varbinary(255) not null, `identity_id` varbinary(255) not null, `epoch` int not null, `session_handle` varbinary(255) null, `held` tinyint(1) not null, `proved` mediumtext collate utf8mb4_bin not null, `authenticated_at` bigint not null, `binding` varbinary(255) not null, `expires_at` bigint not null, `attempts` int not null, `spent_at` bigint null, primary key (`tenant_id`, `digest`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `pending_sign_in` add index `pending_sign_in_by_identity` (`tenant_id`, `identity_id`);');
    this.addSql('alter table `pending_sign_in` add index `pending_sign_in_by_expiry` (`expires_at`);');
    this.addSql('create table `recovery_code` (`tenant_id` varbinary(255) not null, `identity_id` varbinary(255) not null, `digest` varbinary(255) not null, primary key (`tenant_id`, `identity_id`, `digest`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('create table `remembered_device` (`tenant_id` varbinary(255) not null, `digest` varbinary(255) not null, `identity_id` varbinary(255) not null, `epoch` int not null, `expires_at` bigint not null, primary key (`tenant_id`, `digest`)) default character set utf8mb4 engine = InnoDB;');
    this.addSql('alter table `remembered_device` add index `remembered_device_by_identity` (`tenant_id`, `identity_id`);');
    this.addSql('alter table `remembered_device` add index `remembered_device_by_expiry` (`expires_at`);');
    this.addSql('create table `totp` (`tenant_id` varbinary(255) not null, `identity_id` varbinary(255) not null, `id` varbinary(255) not null, `label` mediumtext collate utf8mb4_bin not null, `sealed` mediumtext collate utf8mb4_bin not null, `last_step` bigint not null, `created_at` bigint not null, `last_used_at` bigint null, primary key (`tenant_id`, `identity_id`)) default character set utf8mb4 engine = InnoDB;');
  }
}
