import type { Caller } from '../../contract/rpc.ts';
import { TrustError } from '../../errors/trust_error.ts';
import { type Clock, type Instant, MINUTE, type Span } from '../../kernel/clock.ts';
import { digestOf, isSecret, serviceKeyId } from '../../kernel/secret.ts';
import { certificateKey, isLive, type Service, type ServiceKey } from './service_key.ts';
import type { ServiceKeyStore, ServiceStore } from './store.ts';

export type Credentials = {
  /** The value of the `authorization` metadata. */
  readonly authorization?: string | undefined;
  /** SPIFFE IDs and DNS names of the client certificate, once TLS has checked it. */
  readonly certificateNames: readonly string[];
};

/** Errors: SERVICE_KEY_MISSING, SERVICE_KEY_REJECTED, DATABASE_UNAVAILABLE. */
export type AuthenticateCaller = (credentials: Credentials) => Caller | Promise<Caller>;

/** How long a node may take a key for live after it was read: the node's own staleness bound. */
export const CALLER_BOUND: Span = 250;

/** The same while the node is told of every change of a service and its keys. */
export const WATCHED_CALLER_BOUND: Span = MINUTE;

/** At most this many credentials are kept; a flood of wrong ones evicts none, for only accepted ones are kept. */
const KEPT = 1_000;

type Found = { readonly caller: Caller; readonly expiresAt: Instant };
type Known = Found & { readonly readAt: Instant; readonly span: number };

/**
 * Finds the service behind a call, by its service key or else by its certificate. A key that is sent must be good: a bad key is not
 * made up for by a certificate. Accepted credentials are kept for CALLER_BOUND from the start of the read, under a lease for WATCHED_CALLER_BOUND,
 * and never longer than the key lives.
 */
export function authenticateCaller(deps: {
  readonly serviceKeys: Pick<ServiceKeyStore, 'readWithService'>;
  readonly services: Pick<ServiceStore, 'readByCertificateNames'>;
  readonly isSuspended: (tenantId: string) => Promise<boolean>;
  readonly clock: Clock;
  /** Names the unbroken span for which this node has been told of changes; 0 without a lease. */
  readonly span: () => number;
}): { readonly authenticate: AuthenticateCaller; readonly forget: () => void } {
  const known = new Map<string, Known>();
  let generation = 0;

  const holds = ({ readAt, expiresAt, span }: Known) => {
    const now = deps.clock();
    if (!(now >= readAt && now < expiresAt)) return false;
    if (now < readAt + CALLER_BOUND) return true;
    return span !== 0 && now < readAt + WATCHED_CALLER_BOUND && span === deps.span();
  };

  const look = async (credential: string, read: () => Promise<Found>) => {
    known.delete(credential);
    const begun = { generation, readAt: deps.clock(), span: deps.span() };
    const found = await read();
    if (begun.generation === generation && known.size < KEPT) known.set(credential, { ...found, ...begun });
    return found.caller;
  };

  const remember = (credential: string, read: () => Promise<Found>): Caller | Promise<Caller> => {
    const kept = known.get(credential);
    return kept !== undefined && holds(kept) ? kept.caller : look(credential, read);
  };

  const callerOf = async ({ tenantId, name, scopes, audiences }: Service, key: string): Promise<Caller> => {
    const rights = { scopes: new Set(scopes), audiences: new Set(audiences) };
    const suspended = await deps.isSuspended(tenantId);
    return { tenantId, service: name, ...rights, key, ...(suspended && { suspended }) };
  };

  const byKey = async (authorization: string): Promise<Found> => {
    const presented = /^Bearer +(tlk_\S+)$/i.exec(authorization)?.[1] ?? '';
    const found = isSecret('service_key', presented)
      ? await deps.serviceKeys.readWithService(serviceKeyId(presented))
      : undefined;
    if (!found || !accepts(found.key, presented, deps.clock())) throw new TrustError('SERVICE_KEY_REJECTED');
    return {
      caller: await callerOf(found.service, found.key.id),
      expiresAt: found.key.expiresAt ?? Number.POSITIVE_INFINITY,
    };
  };

  const byCertificate = async (names: readonly string[]): Promise<Found> => {
    const [service, ...others] = await deps.services.readByCertificateNames(names);
    // A certificate that names two services names none: guessing would be a yes in doubt.
    if (service === undefined || others.length > 0) throw new TrustError('SERVICE_KEY_MISSING');
    return { caller: await callerOf(service, certificateKey(service.name)), expiresAt: Number.POSITIVE_INFINITY };
  };

  // What has run out would else hold the places of what is in use.
  const sweep = () => {
    if (known.size < KEPT) return;
    for (const [credential, kept] of known) if (!holds(kept)) known.delete(credential);
  };

  return {
    authenticate({ authorization, certificateNames }) {
      sweep();
      if (authorization !== undefined) return remember(authorization, () => byKey(authorization));
      if (certificateNames.length === 0) return Promise.reject(new TrustError('SERVICE_KEY_MISSING'));
      return remember(JSON.stringify(certificateNames), () => byCertificate(certificateNames));
    },
    /** Drops everything that is kept: called when a key or service of this node's making changed. */
    forget() {
      generation++;
      known.clear();
    },
  };
}

function accepts(key: ServiceKey, presented: string, now: Instant): boolean {
  // Digests of 256 random bits: comparing them in varying time tells nothing of the key.
  return key.digest === digestOf('service_key', presented) && isLive(key, now);
}
