import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table `session` add column `acting` text null;');
    this.addSql('alter table `session` add column `parent_handle` text null;');
    this.addSql('alter table `session` add column `acting_key` text null;');
    this.addSql('create index `session_by_parent` on `session` (`tenant_id`, `parent_handle`);');
    this.addSql('create index `session_by_acting_key` on `session` (`tenant_id`, `acting_key`);');
  }
}
