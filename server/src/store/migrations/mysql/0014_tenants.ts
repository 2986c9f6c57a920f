import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table `tenant` add `public_url` mediumtext collate utf8mb4_bin null, add `host` varbinary(255) null;');
    this.addSql('alter table `tenant` add unique `tenant_by_host` (`host`);');
  }
}
