import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table `identity` add column `state_reason` text null;');
    this.addSql('alter table `identity` add column `locked_until` bigint null;');
  }
}
