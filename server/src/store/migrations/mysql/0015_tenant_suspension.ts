import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table `tenant` add `suspended_at` bigint null;');
  }
}
