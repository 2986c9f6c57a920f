// A store with an audit key, and the use cases of the chain on it.
import { type AuditSigner, auditSigner, checkpointReader } from '../../server/src/features/audit/checkpoint.ts';
import { exportChain, verifyExport } from '../../server/src/features/audit/export_chain.ts';
import { cutEvents, sealEvents } from '../../server/src/features/audit/seal_events.ts';
import { type TenantReport, verifyStored } from '../../server/src/features/audit/verify_chain.ts';
import { systemTimer } from '../../server/src/kernel/timer.ts';
import type { Store } from '../../server/src/store/store.ts';

export const AUDIT_KEY: AuditSigner = auditSigner(Buffer.alloc(32, 5));

export function auditWorld({ chain }: Pick<Store, 'chain'>, signer = AUDIT_KEY) {
  const deps = { chain, signer, clock: () => 1_795_000_000_999 };
  const read = checkpointReader([signer.jwk]);
  return {
    seal: sealEvents({ ...deps, monotonic: () => performance.now(), timer: systemTimer }),
    cut: cutEvents(deps),
    verify: (anchors: readonly string[] = []) => verifyStored({ chain, read, anchors }),
    async export(tenantId: string): Promise<readonly string[]> {
      const lines: string[] = [];
      for await (const line of exportChain(chain, tenantId)) lines.push(line);
      return lines;
    },
  };
}

export const verifyLines = (lines: readonly string[], anchors: readonly string[] = []) =>
  verifyExport(
    async function* () {
      yield* lines;
    },
    checkpointReader([AUDIT_KEY.jwk]),
    anchors,
  );

/** The report of one tenant, where there is one. */
export const reportOf = (reports: readonly TenantReport[], tenantId: string): TenantReport | undefined =>
  reports.find((report) => report.tenantId === tenantId);
