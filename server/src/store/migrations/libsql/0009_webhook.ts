import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `webhook` (`tenant_id` text not null, `id` text not null, `url` text not null, `actions` text not null, `secret` text not null, `old_secret` text not null, `old_secret_until` bigint not null, `seq` bigint not null, `enabled` integer not null, `attempts` integer not null, `claims` bigint not null, `due_at` bigint not null, `failing_since` bigint null, `created_at` bigint not null, primary key (`tenant_id`, `id`));');
    this.addSql('create index `webhook_by_due` on `webhook` (`enabled`, `due_at`);');
  }
}
