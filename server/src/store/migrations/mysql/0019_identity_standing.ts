import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table `identity` add `state_reason` mediumtext collate utf8mb4_bin null, add `locked_until` bigint null;');
  }
}
