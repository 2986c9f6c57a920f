import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('create table `audit_checkpoint` (`tenant_id` text not null, `seq` bigint not null, `kind` text not null, `token` text not null, primary key (`tenant_id`, `seq`, `kind`));');
    this.addSql('alter table `audit_event` add column `seq` bigint null;');
    this.addSql('alter table `audit_event` add column `hash` text null;');
    this.addSql('create index `audit_event_by_chain` on `audit_event` (`seq`, `tenant_id`, `at`, `id`);');
  }
}
