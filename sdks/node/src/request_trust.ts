// What the middleware knows of a request.
import type { ClientFacts } from './client_facts.ts';
import { CookieJar, type Log } from './cookies.ts';
import { TrustLayerError } from './errors.ts';
import type { IdentityFacts, OrganisationFacts, Session } from './gen/trust/v1/session.ts';
import { isSessionId } from './session_id.ts';
import type { TrustClient } from './trust_client.ts';
import type { RejectionReason } from './verdict.ts';

/** Options of the middleware that finds the session of a request. */
export interface SessionOptions {
  /** Verifies the session. Its service needs the scope `sessions:verify`. */
  readonly client: Pick<TrustClient, 'verify'>;
  /** Origin of this app, such as `https://app.example`. Decides the name of the cookie. */
  readonly publicUrl: string;
  /** As in `TrustClient.verify`. Default `BOUNDED`. */
  readonly consistency?: 'BOUNDED' | 'STRONG' | undefined;
  /** Gets the one line about plain HTTP on loopback. Default: `console.warn`. */
  readonly log?: Log | undefined;
}

/**
 * - `active`: there is a session, and `session` and `identity` are set
 * - `none`: no cookie, more than one of its name (SDK-21), or no session_id in it
 * - `rejected`: the Trust Layer said no, for `reason`
 * - `error`: no decision was made, because of `error`
 */
export type TrustOutcome = 'active' | 'none' | 'rejected' | 'error';

function withNumbers(facts: object): object {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
  );
}

/** The session of a request, or why there is none. Only `active` allows anything (SDK-20). */
export class RequestTrust {
  readonly outcome: TrustOutcome;
  readonly session: Session | undefined;
  readonly identity: IdentityFacts | undefined;
  /** The active organisation of an active session, where there is one. */
  readonly organisation: OrganisationFacts | undefined;
  readonly reason: RejectionReason | undefined;
  readonly error: TrustLayerError | undefined;
  /** Who presented the session_id: for `trustToken` and `issueTrustToken` of sessions that are bound. */
  readonly client: ClientFacts | undefined;
  readonly #sessionId: string | undefined;

  constructor(
    facts: {
      outcome: TrustOutcome;
      session?: Session;
      identity?: IdentityFacts;
      organisation?: OrganisationFacts | undefined;
      reason?: RejectionReason;
      error?: TrustLayerError;
    },
    sessionId?: string,
    client?: ClientFacts,
  ) {
    this.outcome = facts.outcome;
    this.session = facts.session;
    this.identity = facts.identity;
    this.organisation = facts.organisation;
    this.reason = facts.reason;
    this.error = facts.error;
    this.client = client;
    this.#sessionId = sessionId;
  }

  /** The session_id of an active session, for `issueTrustToken`. A secret: it is in no text form of this object. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /** The facts for `JSON.stringify`, which knows no 64-bit integers: versions and epochs become numbers. */
  toJSON(): object {
    const { outcome, session, identity, organisation, reason } = this;
    return {
      outcome,
      session: session && withNumbers(session),
      identity: identity && withNumbers(identity),
      organisation: organisation && withNumbers(organisation),
      reason,
    };
  }
}

/** Reads the session of requests. Never rejects: an error leaves the request without a session (SDK-20). */
export class SessionReader {
  readonly #cookies: CookieJar;
  readonly #client: SessionOptions['client'];
  readonly #consistency: 'BOUNDED' | 'STRONG';

  /** @throws TypeError if an option is malformed */
  constructor({ client, publicUrl, consistency = 'BOUNDED', log }: SessionOptions) {
    this.#cookies = new CookieJar(publicUrl, log);
    this.#client = client;
    this.#consistency = consistency;
  }

  /** `client`: who sent it, for sessions that are bound. */
  async read(cookieHeader: string | readonly string[] | undefined, client?: ClientFacts): Promise<RequestTrust> {
    const sessionId = this.#cookies.readSession(cookieHeader);
    if (!isSessionId(sessionId)) {
      return new RequestTrust({ outcome: 'none' });
    }
    try {
      const verdict = await this.#client.verify(sessionId, { consistency: this.#consistency, client });
      if (verdict.active === true) {
        const { session, identity, organisation } = verdict;
        return new RequestTrust({ outcome: 'active', session, identity, organisation }, sessionId, client);
      }
      return new RequestTrust({ outcome: 'rejected', reason: verdict.reason });
    } catch (thrown) {
      const error =
        thrown instanceof TrustLayerError ? thrown : new TrustLayerError({ reason: 'UNKNOWN', code: 'UNKNOWN' });
      return new RequestTrust({ outcome: 'error', error });
    }
  }
}
