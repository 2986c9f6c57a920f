import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table `session` add `bound_network` varbinary(255) null, add `bound_device` mediumtext collate utf8mb4_bin null;');
  }
}
