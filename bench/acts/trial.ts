import type { Store } from '../../server/src/store/store.ts';
import type { RpcCaller } from '../../test/support/rpc_caller.ts';
import type { ServerProcess } from '../../test/support/server_process.ts';

/** Two nodes on one database: acts are done at the first, SDKs ask and watch the second. */
export type World = {
  /** Of the tenant `default`, at the first node. */
  readonly rpc: RpcCaller;
  readonly store: Store;
  readonly publicUrl: string;
  readonly nodes: readonly [ServerProcess, ServerProcess];
};

/** What an SDK says of a session that is active. */
export type Facts = { readonly active?: boolean; readonly organisation?: { readonly permissions?: readonly string[] } };

export const isActive = ({ active }: Facts): boolean => active === true;

/** One act that can be done once, and what it is done to. */
export type Trial = {
  /** The tenant's, for the token of the session. */
  readonly rpc: RpcCaller;
  readonly sessionId: string;
  /** What of a verdict the act ends; undefined where it ends nothing of the session. */
  readonly holds: ((facts: Facts) => boolean) | undefined;
  readonly act: () => Promise<unknown>;
  /** What probes are set to beside the second node's own. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly after?: () => Promise<unknown>;
};

/** For each act by its name, what makes a trial of it. */
export type Trials = readonly (readonly [name: string, make: () => Promise<Trial>])[];
