import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table `session` add `acting` mediumtext collate utf8mb4_bin null, add `parent_handle` varbinary(255) null, add `acting_key` varbinary(255) null;');
    this.addSql('alter table `session` add index `session_by_parent` (`tenant_id`, `parent_handle`);');
    this.addSql('alter table `session` add index `session_by_acting_key` (`tenant_id`, `acting_key`);');
  }
}
