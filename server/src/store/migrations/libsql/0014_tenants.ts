import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table `tenant` add column `public_url` text null;');
    this.addSql('alter table `tenant` add column `host` text null;');
    this.addSql('create unique index `tenant_by_host` on `tenant` (`host`);');
  }
}
