import { z } from 'zod';
import {
  checked,
  optionalNumber,
  pageSize,
  roles,
  textBytes,
  textCharacters,
  versionNumber,
} from '../../contract/fields.ts';
import type {
  CreateTenantRequest,
  CreateTenantResponse,
  GetTenantRequest,
  GetTenantResponse,
  ListTenantsRequest,
  ListTenantsResponse,
  ResumeTenantRequest,
  ResumeTenantResponse,
  SuspendTenantRequest,
  SuspendTenantResponse,
  Tenant as TenantMessage,
  TenantSettings,
  UpdateTenantRequest,
  UpdateTenantResponse,
} from '../../contract/gen/trust/v1/tenant.ts';
import { SessionOverflow } from '../../contract/gen/trust/v1/tenant.ts';
import { optionalTimestamp, timestamp } from '../../contract/messages.ts';
import type { PageTokens } from '../../contract/page_tokens.ts';
import type { Handler } from '../../contract/rpc.ts';
import { DAY, SECOND } from '../../kernel/clock.ts';
import { DEFAULT_RATE_LIMITS, type RateLimit } from '../rate_limit/rate_limit.ts';
import { isReturnTo } from '../sign_in/return_to.ts';
import { isPageLink, MAX_LOGO, NO_BRANDING, pictureType } from './branding.ts';
import type { CreateTenant } from './create_tenant.ts';
import { readTenant } from './read_settings.ts';
import type { TenantStore } from './store.ts';
import { DEFAULT_SETTINGS, type MfaPolicy, type TenantSettings as Settings, type Tenant } from './tenant.ts';
import type { ResumeTenant, SuspendTenant, UpdateTenant } from './update_tenant.ts';

export type TenantRpc = {
  readonly createTenant: Handler<CreateTenantRequest, CreateTenantResponse>;
  readonly suspendTenant: Handler<SuspendTenantRequest, SuspendTenantResponse>;
  readonly resumeTenant: Handler<ResumeTenantRequest, ResumeTenantResponse>;
  readonly listTenants: Handler<ListTenantsRequest, ListTenantsResponse>;
  readonly getTenant: Handler<GetTenantRequest, GetTenantResponse>;
  readonly updateTenant: Handler<UpdateTenantRequest, UpdateTenantResponse>;
};

/** By their numbers in the contract; one that this version does not know asks most. */
const POLICIES: readonly MfaPolicy[] = ['optional', 'off', 'optional', 'required', 'required_by_role'];

const seconds = (min: number, max: number) =>
  z
    .number()
    .refine((value) => value >= min && value <= max, `must be ${min} to ${max}`)
    .transform((value) => value * SECOND);

const whole = (min: number, max: number) =>
  z.number().refine((value) => value >= min && value <= max, `must be ${min} to ${max}`);

const bucket = z.object({ burst: whole(1, 1_000_000), perHour: whole(1, 3_600_000) }).optional();

const rateLimit = (name: keyof typeof DEFAULT_RATE_LIMITS) =>
  bucket.transform((given): RateLimit => given ?? DEFAULT_RATE_LIMITS[name]);

const pageLink = (mail: boolean) =>
  z
    .string()
    .refine(
      (text) => text === '' || isPageLink(text, mail),
      `must be an https URL${mail ? ' or mailto: with one address' : ''} of at most 2048 bytes`,
    );

const branding = z
  .object({
    accentColor: z.string().regex(/^(#[0-9a-fA-F]{6})?$/, 'must be #rrggbb'),
    logo: z
      .instanceof(Uint8Array)
      .refine((bytes) => bytes.length <= MAX_LOGO, `must have at most ${MAX_LOGO} bytes`)
      .refine((bytes) => bytes.length === 0 || pictureType(bytes) !== undefined, 'must be a PNG, JPEG or WebP picture')
      .transform((bytes) => Buffer.from(bytes).toString('base64')),
    termsUrl: pageLink(false),
    privacyUrl: pageLink(false),
    supportUrl: pageLink(true),
  })
  .optional()
  .transform((given) => given ?? NO_BRANDING);

const onUnlessOff = z
  .boolean()
  .optional()
  .transform((given) => given ?? true);

const updateFields = z.object({
  settings: z.object(
    {
      displayName: textCharacters(64).refine((name) => name.trim() !== '', 'is required'),
      returnTo: z
        .array(
          z
            .string()
            .refine(
              isReturnTo,
              'must be an absolute https URL (http on loopback) in its normal form, without fragment',
            ),
        )
        .max(64, 'must have at most 64 entries'),
      sessionIdleTimeoutSeconds: seconds(60, 31_536_000),
      sessionAbsoluteTimeoutSeconds: seconds(60, 31_536_000),
      trustTokenLifetimeSeconds: seconds(5, 300),
      signUpOpen: z.boolean(),
      rateLimits: z
        .object({
          account: rateLimit('account'),
          address: rateLimit('address'),
          tenant: rateLimit('tenant'),
          mail: rateLimit('mail'),
          freeAddress: bucket,
          freeTenant: bucket,
        })
        .optional()
        .transform((given) => given ?? DEFAULT_RATE_LIMITS),
      mfaPolicy: z.number().transform((value) => POLICIES[value] ?? 'required'),
      mfaRoles: roles,
      rememberDeviceDays: z.number().refine((value) => value <= 365, 'must be 0 to 365'),
      branding,
      maxSessions: whole(0, 1_000),
      sessionOverflow: z.number(),
      reauthenticationSeconds: optionalNumber(60, 86_400),
      deletionWaitDays: whole(0, 90).optional(),
      sessionBinding: z
        .object({ network: z.boolean(), device: z.boolean() })
        .optional()
        .transform((given) => given ?? DEFAULT_SETTINGS.sessionBinding),
      newDeviceMail: z.boolean().optional(),
      signInMethods: z
        .object({ mail: onUnlessOff, passkey: onUnlessOff, oauth: onUnlessOff })
        .optional()
        .transform((given) => given ?? DEFAULT_SETTINGS.signInMethods),
    },
    'is required',
  ),
  expectedVersion: versionNumber,
});

const id = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'must be 1 to 63 of a-z 0-9 -, first and last a letter or digit');

const suspendFields = z.object({ id, reason: textCharacters(256) });

const createFields = z.object({
  id,
  displayName: textCharacters(64),
  publicUrl: textBytes(255),
});

/** What a new tenant is given, checked. Errors: INVALID_FIELD. */
export const checkedTenant = (given: object) => checked(createFields, given);

/** Which tenant is suspended, and why, checked. Errors: INVALID_FIELD. */
export const checkedSuspension = (given: object) => checked(suspendFields, given);

/** The handlers of TenantService. */
export function tenantRpc(useCases: {
  readonly pageTokens: PageTokens;
  readonly tenants: Pick<TenantStore, 'read' | 'list'>;
  readonly createTenant: CreateTenant;
  readonly updateTenant: UpdateTenant;
  readonly suspendTenant: SuspendTenant;
  readonly resumeTenant: ResumeTenant;
  /** The origin of `default`. */
  readonly publicUrl: string;
}): TenantRpc {
  const tenantMessage = (tenant: Tenant) => messageOf(tenant, useCases.publicUrl);
  return {
    async createTenant(request, { tenantId, caller }) {
      const by = { tenantId, name: caller.service };
      const { tenant, serviceKey } = await useCases.createTenant({ ...checkedTenant(request), by });
      return { tenant: tenantMessage(tenant), serviceKey };
    },

    async suspendTenant(request, { tenantId, caller }) {
      const by = { tenantId, name: caller.service };
      return { tenant: tenantMessage(await useCases.suspendTenant({ ...checkedSuspension(request), by })) };
    },

    async resumeTenant(request, { tenantId, caller }) {
      const by = { tenantId, name: caller.service };
      return { tenant: tenantMessage(await useCases.resumeTenant({ ...checked(z.object({ id }), request), by })) };
    },

    async listTenants(request, { tenantId }) {
      const list = ['tenants', tenantId] as const;
      const { pageSize: limit } = checked(z.object({ pageSize }), request);
      const rows = await useCases.tenants.list(limit + 1, useCases.pageTokens.read(list, request.pageToken)?.id ?? '');
      const last = rows[limit - 1];
      const next = rows.length > limit && last !== undefined ? { at: last.createdAt, id: last.id } : undefined;
      return { tenants: rows.slice(0, limit).map(tenantMessage), nextPageToken: useCases.pageTokens.write(list, next) };
    },

    async getTenant(_request, { tenantId }) {
      return { tenant: tenantMessage(await readTenant(useCases.tenants, tenantId)) };
    },

    async updateTenant(request, { tenantId, caller }) {
      const { settings: given, expectedVersion } = checked(updateFields, request);
      const settings: Settings = {
        displayName: given.displayName,
        returnTo: given.returnTo,
        sessionIdleTimeout: given.sessionIdleTimeoutSeconds,
        sessionAbsoluteTimeout: given.sessionAbsoluteTimeoutSeconds,
        trustTokenLifetime: given.trustTokenLifetimeSeconds,
        signUpOpen: given.signUpOpen,
        rateLimits: given.rateLimits,
        mfaPolicy: given.mfaPolicy,
        mfaRoles: given.mfaRoles,
        rememberDevice: given.rememberDeviceDays * DAY,
        branding: given.branding,
        maxSessions: given.maxSessions,
        // One that this version does not know lets no further session begin.
        sessionOverflow: given.sessionOverflow <= SessionOverflow.END_OLDEST ? 'end_oldest' : 'refuse',
        reauthentication: given.reauthenticationSeconds * SECOND || DEFAULT_SETTINGS.reauthentication,
        deletionWait: (given.deletionWaitDays ?? DEFAULT_SETTINGS.deletionWait / DAY) * DAY,
        sessionBinding: given.sessionBinding,
        newDeviceMail: given.newDeviceMail ?? DEFAULT_SETTINGS.newDeviceMail,
        signInMethods: given.signInMethods,
      };
      const input = { tenantId, actor: caller.service, settings, expectedVersion };
      return { tenant: tenantMessage(await useCases.updateTenant(input)) };
    },
  };
}

function messageOf(
  { id, settings, version, createdAt, updatedAt, publicUrl, suspendedAt }: Tenant,
  own: string,
): TenantMessage {
  return {
    id,
    publicUrl: publicUrl || own,
    settings: {
      displayName: settings.displayName,
      returnTo: settings.returnTo,
      sessionIdleTimeoutSeconds: settings.sessionIdleTimeout / SECOND,
      sessionAbsoluteTimeoutSeconds: settings.sessionAbsoluteTimeout / SECOND,
      trustTokenLifetimeSeconds: settings.trustTokenLifetime / SECOND,
      signUpOpen: settings.signUpOpen,
      rateLimits: { freeAddress: undefined, freeTenant: undefined, ...settings.rateLimits },
      mfaPolicy: Math.max(1, POLICIES.lastIndexOf(settings.mfaPolicy)) as TenantSettings['mfaPolicy'],
      mfaRoles: settings.mfaRoles,
      rememberDeviceDays: settings.rememberDevice / DAY,
      branding: { ...settings.branding, logo: Buffer.from(settings.branding.logo, 'base64') },
      maxSessions: settings.maxSessions,
      sessionOverflow: settings.sessionOverflow === 'refuse' ? SessionOverflow.REFUSE : SessionOverflow.END_OLDEST,
      reauthenticationSeconds: settings.reauthentication / SECOND,
      deletionWaitDays: settings.deletionWait / DAY,
      sessionBinding: settings.sessionBinding,
      newDeviceMail: settings.newDeviceMail,
      signInMethods: settings.signInMethods,
    },
    version: BigInt(version),
    createdAt: timestamp(createdAt),
    updatedAt: timestamp(updatedAt),
    suspendedAt: optionalTimestamp(suspendedAt),
  };
}
