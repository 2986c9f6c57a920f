import { Migration } from '@mikro-orm/migrations';

export default class extends Migration {
  override up(): void {
    this.addSql('alter table "mail_proof" add "session_handle" varchar(255) collate "C" null, add "pending_digest" varchar(255) collate "C" null;');
  }
}
