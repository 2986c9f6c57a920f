import type { Clock, Instant } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import { digestOf, newPendingToken } from '../../kernel/secret.ts';
import { type AuditEvent, auditEvent } from '../audit/audit.ts';
import type { Identity } from '../identity/identity.ts';
import { type Asked, type Assurance, amrOf, type Factors, levelOf, type Method, stillAsked } from '../mfa/assurance.ts';
import type { RememberedDevices } from '../mfa/remembered_devices.ts';
import type { MfaStore } from '../mfa/store.ts';
import { refuseMethod, type SignInMethods } from '../sign_in/sign_in_methods.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import { PENDING_LIFETIME } from './pending_sign_in.ts';
import type { PendingSignInStore } from './store.ts';

/** Everything that was asked is proved: what a session or a sign-in code is made of. */
export type Proof = {
  readonly tenantId: string;
  readonly identity: Pick<Identity, 'id' | 'epoch'>;
  readonly acr: Assurance;
  readonly amr: readonly string[];
  readonly authenticatedAt: Instant;
};

/** A sign-in that asks for more. The token is returned here once. */
export type Pending = {
  readonly token: string;
  readonly asked: Asked;
  readonly factors: Factors;
  readonly expiresAt: Instant;
};

export type SignInStep =
  | { readonly proof: Proof; readonly pending?: undefined }
  | { readonly proof?: undefined; readonly pending: Pending };

export type BeginInput = {
  readonly tenantId: string;
  /** Name of the actor in the audit trail. */
  readonly actor: string;
  readonly identity: Pick<Identity, 'id' | 'epoch' | 'roles'>;
  /** What was proved just now. */
  readonly method: Method;
  readonly authenticatedAt?: Instant | undefined;
  readonly deviceToken?: string | undefined;
  /** The transaction of a browser. */
  readonly binding?: string | undefined;
  /** What is asked for beyond the tenant's policy. */
  readonly wanted?: Assurance | undefined;
  /** The session that is stepped up. */
  readonly sessionHandle?: string | undefined;
  /** Of what was proved, to be kept with a pending sign-in; what makes something of a proof keeps them itself. */
  readonly events?: readonly AuditEvent[] | undefined;
  /** Keeps it pending though nothing is asked: for the page on which a person looks after their factors. */
  readonly hold?: boolean | undefined;
};

/** Takes a first proof and says what is still asked. Every way in ends here: password, code, OAuth, passkey, step-up (spec MFA-1). Errors: FEATURE_NOT_CONFIGURED. */
export type BeginSignIn = (input: BeginInput) => Promise<SignInStep>;

/** Which switch of the tenant a first proof needs. */
const WAYS: Partial<Record<Method, keyof SignInMethods>> = {
  email_code: 'mail',
  passkey: 'passkey',
  passkey_verified: 'passkey',
  oauth: 'oauth',
};

export function beginSignIn(deps: {
  readonly pendingSignIns: Pick<PendingSignInStore, 'insert'>;
  readonly mfa: Pick<MfaStore, 'factors'>;
  readonly devices: Pick<RememberedDevices, 'isRemembered'>;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
}): BeginSignIn {
  return async (input) => {
    const { tenantId, actor, identity } = input;
    const [settings, factors, remembered] = await Promise.all([
      deps.settings(tenantId),
      deps.mfa.factors(tenantId, identity.id),
      deps.devices.isRemembered(tenantId, identity, input.deviceToken),
    ]);
    const by = WAYS[input.method];
    if (by !== undefined) refuseMethod(settings, by);
    const proved = [input.method];
    const asked = stillAsked({
      policy: settings.mfaPolicy,
      policyRoles: settings.mfaRoles,
      roles: identity.roles,
      factors,
      proved,
      remembered: remembered && input.hold !== true,
      wanted: input.wanted,
    });
    const now = deps.clock();
    const authenticatedAt = input.authenticatedAt ?? now;
    if (asked === 'nothing' && input.hold !== true) {
      const { id, epoch } = identity;
      return {
        proof: { tenantId, identity: { id, epoch }, acr: levelOf(proved), amr: amrOf(proved), authenticatedAt },
      };
    }
    const token = newPendingToken(deps.random);
    const expiresAt = now + PENDING_LIFETIME;
    const about = { identityId: identity.id, subject: input.sessionHandle ?? identity.id, facts: { asked } };
    const event = auditEvent({ tenantId, name: actor }, now, deps.newId, 'sign_in.pending', about);
    await deps.pendingSignIns.insert(
      {
        tenantId,
        digest: digestOf('pending_sign_in', token),
        identityId: identity.id,
        epoch: identity.epoch,
        sessionHandle: input.sessionHandle,
        held: input.hold === true,
        proved,
        authenticatedAt,
        binding: input.binding ?? '',
        expiresAt,
      },
      { changes: [], events: [...(input.events ?? []), event] },
    );
    return { pending: { token, asked, factors, expiresAt } };
  };
}
