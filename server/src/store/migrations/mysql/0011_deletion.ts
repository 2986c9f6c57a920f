import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table `identity` add `deletion_at` bigint null;');
    this.addSql('alter table `identity` add index `identity_by_deletion` (`deletion_at`);');
  }
}
