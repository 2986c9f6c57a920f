import { DAY, type Instant, MINUTE, SECOND, type Span } from '../../kernel/clock.ts';
import { DEFAULT_RATE_LIMITS, type RateLimits } from '../rate_limit/rate_limit.ts';
import type { SignInMethods } from '../sign_in/sign_in_methods.ts';
import { type Branding, NO_BRANDING } from './branding.ts';

export const DEFAULT_TENANT = 'default';

/** Who must prove a second factor at sign-in (spec MFA-1). */
export type MfaPolicy = 'off' | 'optional' | 'required' | 'required_by_role';

/** What a sign-in beyond the number of sessions does (spec SES-14). */
export type SessionOverflow = 'end_oldest' | 'refuse';

/** What new sessions are bound to (spec SES-15). */
export type SessionBinding = { readonly network: boolean; readonly device: boolean };

export type TenantSettings = {
  readonly displayName: string;
  readonly returnTo: readonly string[];
  readonly sessionIdleTimeout: Span;
  readonly sessionAbsoluteTimeout: Span;
  readonly trustTokenLifetime: Span;
  readonly signUpOpen: boolean;
  readonly rateLimits: RateLimits;
  readonly mfaPolicy: MfaPolicy;
  /** With `required_by_role`: the roles that it is required of. */
  readonly mfaRoles: readonly string[];
  /** How long a device may be remembered; 0 means never. */
  readonly rememberDevice: Span;
  readonly branding: Branding;
  /** Sessions that an identity may have at a time; 0 means any number. */
  readonly maxSessions: number;
  readonly sessionOverflow: SessionOverflow;
  /** How long ago a person may have proved who they are, to do what is sensitive. */
  readonly reauthentication: Span;
  /** How long a deletion that a person asked for can be taken back. */
  readonly deletionWait: Span;
  readonly sessionBinding: SessionBinding;
  /** Whether a sign-in from a device that is new to its identity is noticed, and told to it by mail. */
  readonly newDeviceMail: boolean;
  readonly signInMethods: SignInMethods;
};

export type Tenant = {
  readonly id: string;
  /** Origin of its pages, and issuer of its tokens; never changes. Empty for `default`, whose origin is the server's. */
  readonly publicUrl: string;
  readonly settings: TenantSettings;
  /** Since when all of it is refused; undefined while it is not. */
  readonly suspendedAt?: Instant | undefined;
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
};

/** Settings of a tenant that nobody changed yet. */
export const DEFAULT_SETTINGS: TenantSettings = {
  displayName: 'Trust Layer',
  returnTo: [],
  sessionIdleTimeout: 14 * DAY,
  sessionAbsoluteTimeout: 90 * DAY,
  trustTokenLifetime: 60 * SECOND,
  signUpOpen: true,
  rateLimits: DEFAULT_RATE_LIMITS,
  mfaPolicy: 'optional',
  mfaRoles: [],
  rememberDevice: 30 * DAY,
  branding: NO_BRANDING,
  maxSessions: 0,
  sessionOverflow: 'end_oldest',
  reauthentication: 15 * MINUTE,
  deletionWait: 30 * DAY,
  sessionBinding: { network: false, device: false },
  newDeviceMail: true,
  signInMethods: { mail: true, passkey: true, oauth: true },
};
