import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table `mail_proof` add column `session_handle` text null;');
    this.addSql('alter table `mail_proof` add column `pending_digest` text null;');
  }
}
