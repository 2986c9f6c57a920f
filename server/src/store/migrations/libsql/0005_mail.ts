import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `mail` (`tenant_id` text not null, `id` text not null, `sealed` text not null, `created_at` bigint not null, `expires_at` bigint not null, `due_at` bigint not null, `attempts` integer not null, primary key (`tenant_id`, `id`));');
    this.addSql('create index `mail_by_due` on `mail` (`due_at`);');
    this.addSql('create index `mail_by_expiry` on `mail` (`expires_at`);');
  }
}
