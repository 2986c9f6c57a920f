import { postgresServer } from './postgres.ts';
import { type ServerProcess, startServer } from './server_process.ts';

export type TwoNodes = {
  readonly nodes: readonly [ServerProcess, ServerProcess];
  remove(): Promise<void>;
};

/**
 * Two servers on one new PostgreSQL database, or on the one given (`elsewhere`: as the second reaches it), with one issuer, one master key and
 * one development key.
 */
export async function twoNodes(
  env: Readonly<Record<string, string>> = {},
  given?: { readonly url: string; readonly elsewhere: string },
): Promise<TwoNodes> {
  const databaseUrl = given?.url ?? (await (await postgresServer()).createDatabase());
  const first = await startServer({ env: { ...env, DATABASE_URL: databaseUrl } });
  try {
    // The data folder holds the master key of a development server and its service key.
    const shared = { ...env, DATABASE_URL: given?.elsewhere ?? databaseUrl, TRUST_PUBLIC_URL: first.publicUrl };
    const second = await startServer({ env: shared, dataDir: first.dataDir });
    const remove = async () => {
      await second.remove();
      await first.remove();
    };
    return { nodes: [first, second], remove };
  } catch (error) {
    await first.remove();
    throw error;
  }
}
