import { composeAccount } from './compose_account.ts';
import { composeAudit } from './compose_audit.ts';
import { composeIdentities } from './compose_identities.ts';
import { composeInvitation } from './compose_invitation.ts';
import { composeMail, type MailParts } from './compose_mail.ts';
import { composeMfa } from './compose_mfa.ts';
import { composeOauth } from './compose_oauth.ts';
import { composePasswords } from './compose_passwords.ts';
import { composeSigning } from './compose_signing.ts';
import { composeTenant } from './compose_tenant.ts';
import { composeWebhook, type WebhookParts } from './compose_webhook.ts';
import type { Config } from './config/config.ts';
import { pageTokens } from './contract/page_tokens.ts';
import { recentChanges } from './features/change/recent_changes.ts';
import { changeTail, pruneChanges } from './features/change/tail.ts';
import { noticeDevice } from './features/known_device/notice_device.ts';
import type { OauthProviders } from './features/oauth/store.ts';
import { organisationRpc } from './features/organisation/rpc.ts';
import { setActiveOrganisation } from './features/organisation/set_active_organisation.ts';
import type { Hasher } from './features/password/hasher.ts';
import type { PasswordStrength } from './features/password/password_rules.ts';
import { cancelDeletion } from './features/personal_data/deletion.ts';
import { askForWork, limitAttempts, pruneRateLimits, seldom } from './features/rate_limit/limit_attempts.ts';
import type { ProofOfWork } from './features/rate_limit/proof_of_work.ts';
import { authenticateCaller } from './features/service_key/authenticate_caller.ts';
import { createSession } from './features/session/create_session.ts';
import { rotateSession } from './features/session/rotate_session.ts';
import { sessionRpc } from './features/session/rpc.ts';
import { sessionUses, verifySession, verifySessionHandle } from './features/session/verify_session.ts';
import { mismatches } from './features/session_binding/mismatches.ts';
import { exchangeSignInCode } from './features/sign_in/exchange_sign_in_code.ts';
import { issueSignInCode } from './features/sign_in/issue_sign_in_code.ts';
import { signInRpc } from './features/sign_in/rpc.ts';
import { tellOfAttempts } from './features/suspicion/tell_of_attempts.ts';
import { origins } from './features/tenant/origins.ts';
import { isSuspended, readSettings } from './features/tenant/read_settings.ts';
import type { TenantSettings } from './features/tenant/tenant.ts';
import { exchangeTrustToken } from './features/trust_token/exchange_trust_token.ts';
import { issueTrustToken } from './features/trust_token/issue_trust_token.ts';
import { verifyPresented } from './features/trust_token/presented_token.ts';
import { trustTokenRpc } from './features/trust_token/rpc.ts';
import { tokenAudit } from './features/trust_token/token_audit.ts';
import type { passwordsOfUsersTable } from './features/users_table/passwords_of_users_table.ts';
import { answerVerify, type KeptVerdict } from './features/verdict/answer_verify.ts';
import { nodeCache } from './features/verdict/node_cache.ts';
import { verdictRpc } from './features/verdict/rpc.ts';
import { watchRpc } from './features/watch/rpc.ts';
import type { Handlers } from './grpc/methods.ts';
import type { Clock, Clocks } from './kernel/clock.ts';
import { idMaker } from './kernel/ids.ts';
import { NOWHERE, type PlaceName } from './kernel/place_name.ts';
import type { Random } from './kernel/random.ts';
import { sealerOf } from './kernel/sealer.ts';
import { systemTimer } from './kernel/timer.ts';
import type { Store } from './store/store.ts';

export type Parts = {
  readonly store: Store;
  readonly config: Pick<Config, 'publicUrl' | 'signingAlg' | 'signingRotationDays'> &
    Partial<Pick<Config, 'readOnly' | 'sessionRetentionDays' | 'auditRetentionDays'>>;
  /** What tenants begin with, where that is not what all begin with. */
  readonly firstSettings?: Partial<TenantSettings>;
  readonly masterKey: Uint8Array;
  readonly hasher: Hasher;
  readonly strength: PasswordStrength;
  readonly proofOfWork: ProofOfWork;
  /** Where events may be sent, and how; undefined sends none. */
  readonly webhook?: WebhookParts | undefined;
  readonly clock: Clock;
  /** A clock that is never set; milliseconds from any start. */
  readonly monotonic: Clock;
  readonly random: Random;
  /** How mails leave; without it none are written. */
  readonly mail?: MailParts | undefined;
  /** Names the places of addresses. */
  readonly placeName?: PlaceName | undefined;
  /** People of another program's table. */
  readonly usersTable?: UsersTableParts | undefined;
  /** Providers with whose accounts people sign in. */
  readonly oauthProviders?: OauthProviders;
  /** Told when the change feed cannot be read: once for failures in a row. */
  readonly feedFailed?: (error: unknown) => void;
};

type UsersTableParts = Pick<Parameters<typeof passwordsOfUsersTable>[0], 'users' | 'rules' | 'enter' | 'unusable'>;

export type Composition = ReturnType<typeof compose>;

/** Wires the features to their ports. No decision is made here. */
export function compose(parts: Parts) {
  const { store, config, clock, monotonic, random, feedFailed } = parts;
  const clocks: Clocks = () => ({ mono: monotonic(), wall: clock() });
  const newId = idMaker(clock, random);
  const { publicUrl } = config;
  const { originOf, siteAt } = origins({ tenants: store.tenants, publicUrl });
  const settings = readSettings(store.tenants);
  const suspended = isSuspended(store.tenants);
  const readIdentity = store.identities.read;
  const { append: recordAudit } = store.audit;
  const sealedPages = pageTokens(sealerOf({ ...parts, purpose: 'trust-layer:page-token:v1' }));
  const { placeName = NOWHERE } = parts;
  const mail = composeMail({ ...parts, newId, settings, placeName, outbox: store.outbox });
  const { writer: mails } = mail;
  const base = { clock, random, newId, settings, originOf, readIdentity, recordAudit, mails, pageTokens: sealedPages };

  const callers = authenticateCaller({
    serviceKeys: store.serviceKeys,
    services: store.services,
    isSuspended: suspended,
    clock,
    span: () => cache.span(),
  });

  const signing = composeSigning({ ...parts, ...base });
  const ring = signing.keyring;

  const tail = changeTail({
    changes: store.changes,
    clocks,
    timer: systemTimer,
    ...(feedFailed && { failed: feedFailed }),
  });

  const uses = sessionUses({ sessions: store.sessions });
  const readOrganisation = store.organisations.readFacts;
  const elsewhere = mismatches({ audit: store.audit, clock, newId });
  const sessionDeps = { ...base, sessions: store.sessions, readOrganisation, uses, mismatches: elsewhere };
  const verify = verifySession(sessionDeps);
  const identityDeps = { ...base, identities: store.identities };
  const create = createSession({
    ...sessionDeps,
    cancelDeletion: cancelDeletion(identityDeps),
    noticeDevice: noticeDevice({ ...base, knownDevices: store.knownDevices }),
  });

  const cache = nodeCache<KeptVerdict>({
    tail,
    clocks,
    timer: systemTimer,
    changed: (change) => {
      if (change.kind === 'service' || change.kind === 'tenant') callers.forget();
      if (change.kind === 'signing_key') ring.forget(change.tenantId);
    },
  });

  const audit = tokenAudit({ audit: store.audit, clock, newId });
  const tokenDeps = { ...base, keyring: ring, audit, stamp: cache.stamp };

  const limitDeps = { rateLimits: store.rateLimits, settings, proofOfWork: parts.proofOfWork };
  const limit = limitAttempts(limitDeps);
  const tell = tellOfAttempts({ ...base, seldom: seldom(limitDeps), queueMails: store.outbox.queue });
  const trail = composeAudit({ ...parts, ...base, uses });
  const webhooks = composeWebhook({ ...parts, newId });
  const organisationDeps = { ...base, organisations: store.organisations };
  const codeDeps = { ...base, codes: store.signInCodes };
  const account = composeAccount({ ...sessionDeps, ...identityDeps, audit: store.audit });

  const mfa = composeMfa({
    ...parts,
    ...base,
    limitAttempts: limit,
    tellOfAttempts: tell,
    verify,
    createSession: create,
  });
  const ends = mfa.useCases;
  const passwords = composePasswords({ ...parts, ...base, limitAttempts: limit, tellOfAttempts: tell, verify, ends });
  const oauth = composeOauth({
    ...parts,
    ...base,
    providers: parts.oauthProviders ?? [],
    limitAttempts: limit,
    elsewhere: passwords.elsewhere,
    ends,
  });

  const people = composeIdentities({
    ...identityDeps,
    store,
    verify,
    createSession: create,
    limitAttempts: limit,
    revokeSession: account.revokeSession,
    listSessions: account.listSessions,
    listFactors: ends.factors.list,
  });

  const invitations = composeInvitation({
    ...parts,
    ...base,
    verify,
    limitAttempts: limit,
    authenticatePassword: passwords.pages.authenticatePassword,
    elsewhere: passwords.elsewhere,
  });
  const tenants = composeTenant({ ...parts, ...base, forgetCallers: callers.forget, ensureSigningKey: signing.ensure });

  const handlers: Handlers = {
    ...mfa.handlers,
    ...passwords.handlers,
    ...oauth.handlers,
    ...signing.handlers,
    ...tenants.handlers,
    ...invitations.handlers,
    SessionService: {
      ...sessionRpc({
        ...account,
        pageTokens: sealedPages,
        createSession: create,
        rotateSession: rotateSession({ ...sessionDeps, verify }),
      }),
      ...people.acting,
      ...verdictRpc({ answer: answerVerify({ cache, verify, uses, mismatches: elsewhere }), clocks }),
      watch: watchRpc({ tail, recentChanges: recentChanges(store.changes), uses, clock }),
    },
    TrustTokenService: trustTokenRpc({
      issueTrustToken: issueTrustToken({ ...tokenDeps, verify }),
      exchangeTrustToken: exchangeTrustToken({
        ...tokenDeps,
        verifyPresented: verifyPresented(tokenDeps),
        verifyHandle: verifySessionHandle(sessionDeps),
      }),
      keyring: ring,
      originOf,
    }),
    IdentityService: people.identities,
    OrganisationService: organisationRpc({
      ...organisationDeps,
      readIdentity,
      setActiveOrganisation: setActiveOrganisation({ ...organisationDeps, verify }),
    }),
    SignInService: signInRpc({
      exchangeSignInCode: exchangeSignInCode({
        ...codeDeps,
        createSession: create,
        revokeSession: account.revokeSession,
      }),
    }),
    AuditService: trail.handlers,
    WebhookService: webhooks.handlers,
  };

  return {
    handlers,
    authenticate: callers.authenticate,
    /** What the pages need. */
    pages: {
      ...passwords.pages,
      pageTokens: sealedPages,
      askForWork: askForWork(limitDeps),
      invitations: invitations.useCases,
      issueSignInCode: issueSignInCode(codeDeps),
      mfa: mfa.useCases,
      oauth: oauth.useCases,
      readIdentity,
      settings,
      jwks: ring.jwks,
      siteAt,
      isSuspended: suspended,
      placeName,
      account: { ...account, ...people.personalData, setPassword: passwords.setPassword },
    },
    /** The change feed, for what else of a node follows it. */
    tail,
    /** What the command line and the first start need. */
    putService: tenants.putService,
    createTenant: tenants.createTenant,
    suspendTenant: tenants.suspendTenant,
    resumeTenant: tenants.resumeTenant,
    keyDeps: tenants.keyDeps,
    rotateSigningKey: signing.rotate,
    resetSigningKeys: signing.reset,
    ensureSigningKey: signing.ensure,
    /** What runs on a schedule, by name. */
    deleteDue: people.deleteDue,
    advanceAllSigningKeys: signing.advanceAll,
    purge: trail.purge,
    /** Undefined where no mails are sent. */
    sendMails: mail.send,
    readOutbox: mail.readOutbox,
    pruneChanges: () => pruneChanges(store.changes),
    pruneRateLimits: pruneRateLimits(store.rateLimits),
    sealEvents: trail.seal,
    /** Undefined where no events are sent. */
    sendEvents: webhooks.send,
    flushes: {
      uses: () => {
        cache.dropUses();
        return uses.flush();
      },
      audit: async () => {
        await audit.flush();
        await elsewhere.flush();
      },
      /** Last: what the others have written is chained too. */
      chain: trail.seal,
    },
  };
}
