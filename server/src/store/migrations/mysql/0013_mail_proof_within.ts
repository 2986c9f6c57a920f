import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table `mail_proof` add `session_handle` varbinary(255) null, add `pending_digest` varbinary(255) null;');
  }
}
