import type { Migration } from '@mikro-orm/migrations';

/** One migration: its name, and its class, loaded only when it is to be run. */
export type MigrationEntry = {
  readonly name: string;
  readonly load: () => Promise<{ readonly default: new (...args: ConstructorParameters<typeof Migration>) => Migration }>;
};
