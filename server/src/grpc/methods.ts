import type { MethodDefinition } from '@grpc/grpc-js';
import { AuditServiceService } from '../contract/gen/trust/v1/audit.ts';
import { EmailServiceService } from '../contract/gen/trust/v1/email.ts';
import { IdentityServiceService } from '../contract/gen/trust/v1/identity.ts';
import { InvitationServiceService } from '../contract/gen/trust/v1/invitation.ts';
import { MfaServiceService } from '../contract/gen/trust/v1/mfa.ts';
import { OauthServiceService } from '../contract/gen/trust/v1/oauth.ts';
import { OrganisationServiceService } from '../contract/gen/trust/v1/organisation.ts';
import { PasskeyServiceService } from '../contract/gen/trust/v1/passkey.ts';
import { PasswordServiceService } from '../contract/gen/trust/v1/password.ts';
import { ServiceKeyServiceService } from '../contract/gen/trust/v1/service_key.ts';
import { SessionServiceService } from '../contract/gen/trust/v1/session.ts';
import { SignInServiceService } from '../contract/gen/trust/v1/sign_in.ts';
import { SigningKeyServiceService } from '../contract/gen/trust/v1/signing_key.ts';
import { TenantServiceService } from '../contract/gen/trust/v1/tenant.ts';
import { TrustTokenServiceService } from '../contract/gen/trust/v1/trust_token.ts';
import { WebhookServiceService } from '../contract/gen/trust/v1/webhook.ts';
import type { EncodedHandler, Handler, StreamHandler } from '../contract/rpc.ts';
import type { Scope } from '../features/service_key/service_key.ts';
import type { MessageRules } from './codec.ts';

/** The services of the contract, as generated. */
export const SERVICES = {
  SessionService: SessionServiceService,
  TrustTokenService: TrustTokenServiceService,
  IdentityService: IdentityServiceService,
  PasswordService: PasswordServiceService,
  EmailService: EmailServiceService,
  SignInService: SignInServiceService,
  MfaService: MfaServiceService,
  PasskeyService: PasskeyServiceService,
  OrganisationService: OrganisationServiceService,
  InvitationService: InvitationServiceService,
  OauthService: OauthServiceService,
  ServiceKeyService: ServiceKeyServiceService,
  SigningKeyService: SigningKeyServiceService,
  TenantService: TenantServiceService,
  AuditService: AuditServiceService,
  WebhookService: WebhookServiceService,
} as const;

type Services = typeof SERVICES;
export type ServiceName = keyof Services;

type UnaryMethod = { readonly requestStream: false; readonly responseStream: false };
type StreamMethod = { readonly requestStream: true; readonly responseStream: true };
type ServedNames<S> = { [M in keyof S]: S[M] extends UnaryMethod | StreamMethod ? M : never }[keyof S];
/** Those whose handlers write their answers themselves. */
type EncodedRpc = 'verify' | 'batchVerify';

type HandlerOf<D, M> = D extends {
  readonly requestDeserialize: (bytes: Buffer) => infer Request;
  readonly responseSerialize: (value: infer Response) => Buffer;
}
  ? D extends UnaryMethod
    ? M extends EncodedRpc
      ? EncodedHandler<Request>
      : Handler<Request, Response>
    : StreamHandler<Request>
  : never;

/** The handlers of one service: one for each RPC, by the RPC's name in the code (`createSession`). */
export type ServiceHandlers<N extends ServiceName> = {
  readonly [M in ServedNames<Services[N]>]: HandlerOf<Services[N][M], M>;
};

/** All handlers: `{ SessionService: { createSession, verify, … }, TrustTokenService: { … }, … }`. */
export type Handlers = { readonly [N in ServiceName]: ServiceHandlers<N> };

/** What the server asks of one RPC before its handler sees it. */
export type MethodRow = MessageRules & {
  /** Scope that the calling service needs; `any` for every service of the tenant. Authentication is never left out. */
  readonly scope: Scope | 'any';
  /** Where the tenant of the call stands: in `tenant_id` of the request, or nowhere. The handler of a stream asks for the check of the message that names it. */
  readonly tenant: 'request' | 'none';
  /** Whether it concerns the whole server: for services of `default` only. */
  readonly operator: boolean;
  /** Whether it is served to a tenant that is suspended. */
  readonly whileSuspended: boolean;
  /** Longest time in milliseconds; the server's and the caller's deadlines may be shorter. */
  readonly deadlineMs: number;
  /** False: answered RPC_NOT_SERVED. */
  readonly served: boolean;
};

const KIB = 1024;

function rpc(scope: MethodRow['scope'], exceptions: Partial<MethodRow> = {}): MethodRow {
  return {
    scope,
    tenant: 'request',
    operator: false,
    whileSuspended: false,
    maxBytes: 64 * KIB,
    deadlineMs: Number.POSITIVE_INFINITY,
    served: true,
    ...exceptions,
  };
}

// A verdict that takes longer helps no one: callers treat the error as a denial.
const VERDICT_MS = 5_000;

/** One row an RPC. An RPC without a row does not bind: the server refuses to start. */
export const METHODS: { readonly [N in ServiceName]: { readonly [M in keyof Services[N]]: MethodRow } } = {
  SessionService: {
    createSession: rpc('sessions:create'),
    // A no is an answer: who asks learns it, and of its end.
    verify: rpc('sessions:verify', { deadlineMs: VERDICT_MS, whileSuspended: true }),
    // 256 session_ids of 256 bytes, each with a client of 557.
    batchVerify: rpc('sessions:verify', { deadlineMs: VERDICT_MS, maxBytes: 224 * KIB, whileSuspended: true }),
    revokeSession: rpc('sessions:revoke'),
    revokeIdentitySessions: rpc('sessions:revoke'),
    listSessions: rpc('sessions:read'),
    rotateSession: rpc('sessions:create'),
    startImpersonation: rpc('sessions:impersonate'),
    startDelegation: rpc('sessions:delegate'),
    watch: rpc('sessions:verify', { tenant: 'none', whileSuspended: true }),
  },
  TrustTokenService: {
    issueTrustToken: rpc('tokens:issue'),
    exchangeTrustToken: rpc('tokens:exchange'),
    getTrustKeys: rpc('any', { whileSuspended: true }),
  },
  IdentityService: {
    createIdentity: rpc('identities:write'),
    createGuest: rpc('sign-in'),
    getIdentity: rpc('identities:read'),
    findIdentity: rpc('identities:read'),
    updateIdentity: rpc('identities:write'),
    disableIdentity: rpc('identities:write'),
    lockIdentity: rpc('identities:write'),
    enableIdentity: rpc('identities:write'),
    deleteIdentity: rpc('identities:write'),
    requestDeletion: rpc('sign-in'),
    exportIdentity: rpc('identities:read'),
    listIdentities: rpc('identities:read'),
    addIdentifier: rpc('identities:write'),
    removeIdentifier: rpc('identities:write'),
  },
  PasswordService: {
    signUpWithPassword: rpc('sign-in'),
    signInWithPassword: rpc('sign-in'),
    setPassword: rpc('identities:write'),
    changePassword: rpc('sign-in'),
  },
  EmailService: {
    startEmailSignIn: rpc('sign-in'),
    completeEmailSignIn: rpc('sign-in'),
    startPasswordReset: rpc('sign-in'),
    completePasswordReset: rpc('sign-in'),
    startEmailVerification: rpc('sign-in'),
    completeEmailVerification: rpc('sign-in'),
  },
  SignInService: { exchangeSignInCode: rpc('sign-in') },
  MfaService: {
    proveTotp: rpc('sign-in'),
    proveRecoveryCode: rpc('sign-in'),
    startStepUp: rpc('sign-in'),
    startTotpEnrollment: rpc('sign-in'),
    completeTotpEnrollment: rpc('sign-in'),
    regenerateRecoveryCodes: rpc('sign-in'),
    listFactors: rpc('identities:read'),
    removeFactor: rpc('identities:write'),
    forgetDevices: rpc('identities:write'),
  },
  PasskeyService: {
    startPasskeyRegistration: rpc('sign-in'),
    completePasskeyRegistration: rpc('sign-in'),
    startPasskeySignIn: rpc('sign-in'),
    completePasskeySignIn: rpc('sign-in'),
  },
  OrganisationService: {
    // 32 roles of 50 permissions each are some 85 KiB.
    createOrganisation: rpc('organisations:write', { maxBytes: 112 * KIB }),
    getOrganisation: rpc('organisations:read'),
    updateOrganisation: rpc('organisations:write'),
    deleteOrganisation: rpc('organisations:write'),
    listOrganisations: rpc('organisations:read'),
    putRole: rpc('organisations:write'),
    deleteRole: rpc('organisations:write'),
    addMember: rpc('organisations:write'),
    updateMember: rpc('organisations:write'),
    removeMember: rpc('organisations:write'),
    listMembers: rpc('organisations:read'),
    listMemberships: rpc('organisations:read'),
    setActiveOrganisation: rpc('sessions:create'),
  },
  InvitationService: {
    inviteMember: rpc('organisations:write'),
    listInvitations: rpc('organisations:read'),
    revokeInvitation: rpc('organisations:write'),
    getInvitation: rpc('sign-in'),
    acceptInvitation: rpc('sign-in'),
  },
  OauthService: {
    listOauthProviders: rpc('sign-in'),
    startOauthSignIn: rpc('sign-in'),
    completeOauthSignIn: rpc('sign-in'),
    startAccountLink: rpc('sign-in'),
    completeAccountLink: rpc('sign-in'),
    listLinkedAccounts: rpc('identities:read'),
    unlinkAccount: rpc('identities:write'),
    getProviderTokens: rpc('provider-tokens:read'),
  },
  ServiceKeyService: {
    putService: rpc('services:admin'),
    listServices: rpc('services:admin'),
    deleteService: rpc('services:admin'),
    createServiceKey: rpc('services:admin'),
    rotateServiceKey: rpc('services:admin'),
    revokeServiceKey: rpc('services:admin'),
    listServiceKeys: rpc('services:admin'),
  },
  SigningKeyService: {
    listSigningKeys: rpc('signing-keys:admin'),
    rotateSigningKey: rpc('signing-keys:admin'),
    retireSigningKey: rpc('signing-keys:admin'),
  },
  TenantService: {
    suspendTenant: rpc('tenants:operate', { operator: true }),
    resumeTenant: rpc('tenants:operate', { operator: true }),
    createTenant: rpc('tenants:operate', { operator: true }),
    listTenants: rpc('tenants:operate', { operator: true }),
    getTenant: rpc('tenants:admin'),
    // 64 return_to of 2,048 bytes are 128 KiB.
    updateTenant: rpc('tenants:admin', { maxBytes: 224 * KIB }),
  },
  AuditService: { listAuditEvents: rpc('audit:read'), explainSession: rpc('audit:read') },
  WebhookService: {
    createWebhook: rpc('tenants:admin'),
    listWebhooks: rpc('tenants:admin'),
    deleteWebhook: rpc('tenants:admin'),
    rotateWebhookSecret: rpc('tenants:admin'),
    replayWebhook: rpc('tenants:admin'),
  },
};

/** One RPC, ready to be bound. */
export type Binding = {
  readonly service: ServiceName;
  readonly method: string;
  readonly definition: MethodDefinition<unknown, unknown>;
  readonly row: MethodRow;
  /** Undefined only where the row says that it is not served. */
  readonly handler: Handler<unknown, unknown> | EncodedHandler<unknown> | StreamHandler<unknown> | undefined;
};

type Loose<T> = Readonly<Record<string, Readonly<Record<string, T>>>>;

/** Puts each RPC beside its row and its handler; throws if one of the three is missing or left over. */
export function bindings(
  handlers: Handlers,
  methods: Loose<MethodRow> = METHODS,
  services: Loose<MethodDefinition<unknown, unknown>> = SERVICES as unknown as Loose<
    MethodDefinition<unknown, unknown>
  >,
): readonly Binding[] {
  const given = handlers as unknown as Loose<NonNullable<Binding['handler']>>;
  const problems: string[] = [];
  const bound: Binding[] = [];
  for (const [service, definitions] of Object.entries(services)) {
    for (const [method, definition] of Object.entries(definitions)) {
      const row = methods[service]?.[method];
      const handler = given[service]?.[method];
      const oneWay = definition.requestStream !== definition.responseStream;
      if (row === undefined) problems.push(`${service}/${method} has no row in the table of methods`);
      else if (row.served && handler === undefined) problems.push(`${service}/${method} has no handler`);
      else if (row.served && oneWay)
        problems.push(`${service}/${method} streams in one direction and cannot be served`);
      else
        bound.push({
          service: service as ServiceName,
          method,
          definition,
          row,
          handler: row.served ? handler : undefined,
        });
    }
  }
  problems.push(...leftOver(methods, services, 'a row'), ...leftOver(given, services, 'a handler'));
  for (const { service, method, row } of bound) {
    if (!row.served && given[service]?.[method] !== undefined)
      problems.push(`${service}/${method} has a handler but is not served`);
  }
  if (problems.length > 0) throw new Error(`The gRPC server cannot start: ${problems.join('; ')}.`);
  return bound;
}

function leftOver(table: Loose<unknown>, services: Loose<unknown>, what: string): string[] {
  return Object.entries(table).flatMap(([service, methods]) =>
    Object.keys(methods)
      .filter((method) => services[service]?.[method] === undefined)
      .map((method) => `${service}/${method} has ${what} but is not in the contract`),
  );
}
