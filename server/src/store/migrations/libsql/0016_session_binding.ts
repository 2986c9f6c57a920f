import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table `session` add column `bound_network` text null;');
    this.addSql('alter table `session` add column `bound_device` text null;');
  }
}
