import type { Parts } from './compose.ts';
import type { PageTokens } from './contract/page_tokens.ts';
import { auditSigner } from './features/audit/checkpoint.ts';
import { auditRpc } from './features/audit/rpc.ts';
import { cutEvents, sealEvents } from './features/audit/seal_events.ts';
import { explainSession } from './features/explain/explain_session.ts';
import { KNOWN_DEVICE_RETENTION } from './features/known_device/known_device.ts';
import { purgeExpired, SHORT_LIVED, SIGN_IN_CODE_RETENTION } from './features/purge/purge_expired.ts';
import type { SessionUses } from './features/session/verify_session.ts';
import { DAY } from './kernel/clock.ts';
import { systemTimer } from './kernel/timer.ts';

/** A retention; 0 days mean for ever. */
const days = (count = 0) => (count === 0 ? undefined : count * DAY);

/** Wires what reads, chains, explains and deletes what was. */
export function composeAudit(
  parts: Pick<Parts, 'store' | 'config' | 'masterKey' | 'clock' | 'monotonic'> & {
    readonly uses: SessionUses;
    readonly pageTokens: PageTokens;
  },
) {
  const { store, config, masterKey } = parts;
  const deps = { ...parts, ...store, signer: auditSigner(masterKey), timer: systemTimer };
  return {
    handlers: auditRpc({
      listEvents: store.audit.list,
      pageTokens: parts.pageTokens,
      explainSession: explainSession({ ...deps, sessionRetention: days(config.sessionRetentionDays) }),
      sessionRetentionDays: config.sessionRetentionDays ?? 0,
    }),
    seal: sealEvents(deps),
    purge: purgeExpired({
      ...deps,
      cutEvents: cutEvents(deps),
      retention: {
        // In this order, so that a long turn of the sessions keeps none waiting.
        ...SHORT_LIVED,
        known_device: KNOWN_DEVICE_RETENTION,
        sign_in_code: SIGN_IN_CODE_RETENTION,
        session: days(config.sessionRetentionDays),
        audit_event: days(config.auditRetentionDays),
      },
    }),
  };
}
