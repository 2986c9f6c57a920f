import type { DescMethod, JsonValue } from '@bufbuild/protobuf';
import { unknownSecret } from '../conformance/actions.ts';
import type { RpcCaller } from './rpc_caller.ts';
import { freshName, newOrganisation, newService, newSession } from './shared_server.ts';

/** RPCs in an order in which the requests below can all be answered: what ends things comes last. */
export const byHarm = (a: DescMethod, b: DescMethod): number => harm(a) - harm(b);

const harm = ({ name }: DescMethod) =>
  /^Delete(?!Role)/.test(name)
    ? 2
    : Number(/^(SetPassword|RemoveMember|DeleteRole|Disable|Enable|RemoveIdentifier|Revoke|Retire)/.test(name));

const WIDE = { burst: 1_000_000, per_hour: 3_600_000 };

/** A pending sign-in of the right form that nobody began. */
export const NO_PENDING = unknownSecret('tp_');

/** A sign-in elsewhere of the right form that nobody began. */
export const NO_ATTEMPT = unknownSecret('ta_');

const NO_FLOW = unknownSecret('tf_');
const NO_INVITATION = unknownSecret('ti_');
const NO_SESSION = unknownSecret('ts_');

/** One request for each RPC that would do what the RPC is for. */
export async function validRequests(rpc: RpcCaller): Promise<Readonly<Record<string, JsonValue>>> {
  const { sessionId, identityId } = await newSession(rpc);
  const rotated = await newSession(rpc, identityId);
  const doomed = await newSession(rpc);
  const shut = await newSession(rpc);
  const { trustToken } = await rpc.ok('TrustTokenService', 'issueTrustToken', { sessionId, audience: 'dev' });
  const service = await newService(rpc, ['sessions:verify']);
  const rotating = await newService(rpc, ['sessions:verify']);
  const spare = await newService(rpc, ['sessions:verify']);
  const { keys } = await rpc.ok('SigningKeyService', 'listSigningKeys', {});
  const organisation = await newOrganisation(rpc, [identityId]);
  const member = { organisation_id: organisation, identity_id: identityId };
  const { identity } = await rpc.ok('IdentityService', 'getIdentity', { identityId });
  const { tenant } = await rpc.ok('TenantService', 'getTenant', {});
  const tenantName = freshName('tenant');
  const hook = { url: 'https://hooks.example.com/', actions: ['tenant.never'] };
  const { webhooks } = await rpc.ok('WebhookService', 'listWebhooks', {});
  const webhook = webhooks[0] ?? (await rpc.ok('WebhookService', 'createWebhook', hook)).webhook;
  const person = { identifier_type: 'IDENTIFIER_TYPE_USERNAME', identifier: freshName('person') };
  const password = 'violet-otter-battery';
  const callback = 'http://localhost/auth/callback';
  const added = { type: 'IDENTIFIER_TYPE_USERNAME', value: freshName('second') };
  return {
    CreateSession: { identity_id: identityId },
    Verify: { session_id: sessionId },
    BatchVerify: { session_ids: [sessionId] },
    RevokeSession: { session_id: doomed.sessionId },
    RevokeIdentitySessions: { identity_id: identityId },
    ListSessions: { identity_id: identityId },
    RotateSession: { session_id: rotated.sessionId },
    StartImpersonation: { identity_id: identityId, operator: 'mallory', reason: 'ticket 4711', lifetime_seconds: 60 },
    StartDelegation: { session_id: sessionId, agent: 'bot', scope: ['x'], lifetime_seconds: 60 },
    Watch: { start: {} },
    IssueTrustToken: { session_id: sessionId, audience: 'orders' },
    ExchangeTrustToken: { trust_token: trustToken, audience: 'orders' },
    GetTrustKeys: {},
    CreateGuest: { display_name: 'Guest' },
    CreateIdentity: { identifiers: [{ type: 'IDENTIFIER_TYPE_USERNAME', value: freshName('new') }] },
    GetIdentity: { identity_id: identityId },
    FindIdentity: { type: 'IDENTIFIER_TYPE_USERNAME', value: identity?.identifiers[0]?.value ?? '' },
    UpdateIdentity: { identity_id: identityId, display_name: 'Mallory' },
    DisableIdentity: { identity_id: shut.identityId },
    LockIdentity: { identity_id: shut.identityId, until: new Date(Date.now() + 86_400_000).toISOString() },
    EnableIdentity: { identity_id: shut.identityId },
    DeleteIdentity: { identity_id: identityId },
    RequestDeletion: { session_id: doomed.sessionId },
    ExportIdentity: { identity_id: identityId },
    ListIdentities: {},
    AddIdentifier: { identity_id: identityId, identifier: added },
    RemoveIdentifier: { identity_id: identityId, ...added },
    SignUpWithPassword: { ...person, password },
    SignInWithPassword: { ...person, password },
    SetPassword: { identity_id: identityId, password },
    ChangePassword: { session_id: NO_SESSION, current_password: password, password },
    StartEmailSignIn: { email: 'nobody@example.com' },
    CompleteEmailSignIn: { flow_token: NO_FLOW, code: '00000000' },
    StartPasswordReset: { email: 'nobody@example.com' },
    CompletePasswordReset: { flow_token: NO_FLOW, code: '00000000', password },
    StartEmailVerification: { session_id: NO_SESSION, email: 'nobody@example.com' },
    CompleteEmailVerification: { flow_token: NO_FLOW, code: '00000000' },
    ExchangeSignInCode: {
      code: `tc_${'0'.repeat(49)}`,
      code_verifier: 'v'.repeat(43),
      return_to: 'http://localhost/auth/callback',
    },
    ProveTotp: { pending_token: NO_PENDING, code: '000000' },
    ProveRecoveryCode: { pending_token: NO_PENDING, recovery_code: '0000-0000-0000-0000' },
    StartStepUp: { session_id: sessionId },
    StartTotpEnrollment: { subject: { session_id: sessionId } },
    CompleteTotpEnrollment: { subject: { session_id: sessionId }, enrollment_token: 'v1.none', code: '000000' },
    RegenerateRecoveryCodes: { session_id: sessionId },
    ListFactors: { identity_id: identityId },
    RemoveFactor: { identity_id: identityId, factor_id: `fac_${'0'.repeat(32)}` },
    ForgetDevices: { identity_id: identityId },
    StartPasskeyRegistration: { subject: { session_id: sessionId } },
    CompletePasskeyRegistration: { subject: { session_id: sessionId }, credential_json: '{}' },
    StartPasskeySignIn: {},
    CompletePasskeySignIn: { credential_json: '{}' },
    CreateOrganisation: { display_name: 'Acme', roles: [{ name: 'clerk', permissions: ['orders:read'] }] },
    GetOrganisation: { organisation_id: organisation },
    UpdateOrganisation: { organisation_id: organisation, display_name: 'Mallory' },
    DeleteOrganisation: { organisation_id: organisation },
    ListOrganisations: {},
    PutRole: { organisation_id: organisation, role: { name: 'mallory', permissions: ['everything'] } },
    DeleteRole: { organisation_id: organisation, role: 'reader' },
    AddMember: { ...member, identity_id: doomed.identityId, roles: ['owner'] },
    UpdateMember: { ...member, roles: ['owner'] },
    RemoveMember: member,
    ListMembers: { organisation_id: organisation },
    ListMemberships: { identity_id: identityId },
    SetActiveOrganisation: { session_id: sessionId, organisation_id: organisation },
    InviteMember: { organisation_id: organisation, email: `${freshName('invited')}@example.com`, roles: ['reader'] },
    ListInvitations: { organisation_id: organisation },
    RevokeInvitation: { organisation_id: organisation, invitation_id: `inv_${'0'.repeat(32)}` },
    GetInvitation: { invitation_token: NO_INVITATION },
    AcceptInvitation: { invitation_token: NO_INVITATION, password },
    ListOauthProviders: {},
    StartOauthSignIn: { provider: 'acme', redirect_uri: callback },
    CompleteOauthSignIn: { attempt_token: NO_ATTEMPT, callback_query: 'code=c&state=s' },
    StartAccountLink: { subject: { session_id: sessionId }, provider: 'acme', redirect_uri: callback },
    CompleteAccountLink: { attempt_token: NO_ATTEMPT, callback_query: 'code=c&state=s' },
    ListLinkedAccounts: { identity_id: identityId },
    UnlinkAccount: { identity_id: identityId, account_id: `lac_${'0'.repeat(32)}` },
    GetProviderTokens: { identity_id: identityId, account_id: `lac_${'0'.repeat(32)}` },
    PutService: { name: freshName('put'), scopes: ['services:admin'] },
    ListServices: {},
    DeleteService: { name: service.name },
    CreateServiceKey: { service: service.name },
    RotateServiceKey: { key_id: rotating.keyId },
    RevokeServiceKey: { key_id: spare.keyId },
    ListServiceKeys: { service: service.name },
    ListSigningKeys: {},
    RotateSigningKey: {},
    RetireSigningKey: { kid: keys[0]?.kid ?? '' },
    CreateTenant: { id: tenantName },
    SuspendTenant: { id: tenantName, reason: 'unpaid' },
    ResumeTenant: { id: tenantName },
    ListTenants: {},
    GetTenant: {},
    UpdateTenant: {
      settings: {
        display_name: 'Mallory',
        return_to: ['https://evil.example/'],
        session_idle_timeout_seconds: tenant?.settings?.sessionIdleTimeoutSeconds ?? 0,
        session_absolute_timeout_seconds: tenant?.settings?.sessionAbsoluteTimeoutSeconds ?? 0,
        trust_token_lifetime_seconds: 60,
        sign_up_open: true,
        rate_limits: { account: WIDE, address: WIDE, tenant: WIDE, mail: WIDE, free_address: WIDE, free_tenant: WIDE },
      },
    },
    CreateWebhook: { url: 'https://hooks.example.com/valid', actions: ['tenant.never'] },
    ListWebhooks: {},
    DeleteWebhook: { webhook_id: `whk_${'0'.repeat(32)}` },
    RotateWebhookSecret: { webhook_id: webhook?.id ?? '' },
    ReplayWebhook: { webhook_id: webhook?.id ?? '' },
    ListAuditEvents: {},
    ExplainSession: { session_id: sessionId },
  };
}
