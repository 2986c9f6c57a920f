import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { type AuditEvent, auditEvent } from '../audit/audit.ts';
import type { Identity } from '../identity/identity.ts';
import type { RememberedDevices } from '../mfa/remembered_devices.ts';
import type { PendingName, PendingSignIns } from '../pending_sign_in/answer_sign_in.ts';
import type { BeginSignIn, SignInStep } from '../pending_sign_in/begin_sign_in.ts';
import type { Answered, TellOfFailure } from '../pending_sign_in/prove_factor.ts';
import { refuseMethod } from '../sign_in/sign_in_methods.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { Passkey } from './passkey.ts';
import type { RelyingParty } from './relying_party.ts';
import type { PasskeyStore } from './store.ts';

type Deps = {
  readonly passkeys: Pick<PasskeyStore, 'list' | 'read' | 'use'>;
  readonly relyingParty: RelyingParty;
  readonly pending: PendingSignIns;
  readonly devices: Pick<RememberedDevices, 'remember'>;
  readonly beginSignIn: BeginSignIn;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly tellOfFailure: TellOfFailure;
  readonly recordAudit: (events: readonly AuditEvent[]) => Promise<void>;
  readonly clock: Clock;
  readonly newId: NewId;
};

/** Options for the browser as JSON: for a passkey alone, or for a pending sign-in. Errors: PENDING_SIGN_IN_REJECTED, FEATURE_NOT_CONFIGURED. */
export type StartPasskeySignIn = (
  tenantId: string,
  pending: Omit<PendingName, 'tenantId'> | undefined,
) => Promise<string>;

export function startPasskeySignIn(deps: Deps): StartPasskeySignIn {
  return async (tenantId, name) => {
    if (name === undefined) {
      refuseMethod(await deps.settings(tenantId), 'passkey');
      return deps.relyingParty.requestOptions(tenantId, '', []);
    }
    const { digest, identityId } = await deps.pending.read({ tenantId, ...name });
    return deps.relyingParty.requestOptions(tenantId, digest, await deps.passkeys.list(tenantId, identityId));
  };
}

/** Checks an answer and notes the use: the passkey, and whether it verified its user. Errors: CREDENTIAL_REJECTED. */
function checkAnswer(deps: Deps) {
  return async (tenantId: string, actor: string, subject: string, json: string, owner: string | undefined) => {
    const credentialId = deps.relyingParty.credentialOf(json);
    const passkey = credentialId === undefined ? undefined : await deps.passkeys.read(tenantId, credentialId);
    const record = (action: 'factor.proved' | 'factor.rejected', of: Passkey | undefined): AuditEvent =>
      auditEvent({ tenantId, name: actor }, deps.clock(), deps.newId, action, {
        identityId: of?.identityId ?? owner ?? '',
        subject: of?.id ?? '',
        facts: { type: 'passkey' },
      });
    const answer =
      passkey !== undefined && (owner === undefined || passkey.identityId === owner)
        ? await deps.relyingParty.checkRequest(passkey, subject, json)
        : undefined;
    if (passkey !== undefined && answer !== undefined) {
      const trail = { changes: [], events: [record('factor.proved', passkey)] };
      if (await deps.passkeys.use(passkey, answer.counter, deps.clock(), trail)) {
        return { passkey, userVerified: answer.userVerified };
      }
    }
    await deps.recordAudit([record('factor.rejected', passkey)]);
    throw new TrustError('CREDENTIAL_REJECTED');
  };
}

/** A passkey as the only factor. Errors: CREDENTIAL_REJECTED, for disabled identities too. */
export type SignInWithPasskey = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly credentialJson: string;
  readonly binding?: string | undefined;
  readonly hold?: boolean;
}) => Promise<SignInStep>;

export function signInWithPasskey(deps: Deps): SignInWithPasskey {
  const check = checkAnswer(deps);
  return async ({ tenantId, actor, credentialJson, binding, hold }) => {
    const { passkey, userVerified } = await check(tenantId, actor, '', credentialJson, undefined);
    const identity = await deps.readIdentity(tenantId, passkey.identityId);
    if (!userVerified || !identity?.active) throw new TrustError('CREDENTIAL_REJECTED');
    return deps.beginSignIn({ tenantId, actor, identity, method: 'passkey_verified', binding, hold });
  };
}

/** A passkey as the second factor. Errors: PENDING_SIGN_IN_REJECTED, CREDENTIAL_REJECTED. */
export type ProvePasskey = (
  input: PendingName & {
    readonly actor: string;
    readonly credentialJson: string;
    readonly remember?: boolean;
    /** Address of the person's device; empty if it is not known. */
    readonly address?: string;
  },
) => Promise<Answered>;

export function provePasskey(deps: Deps): ProvePasskey {
  const check = checkAnswer(deps);
  return async ({ actor, credentialJson, remember = false, address = '', ...name }) => {
    const pending = await deps.pending.read(name);
    const { tenantId, digest, identityId } = pending;
    const { userVerified } = await check(tenantId, actor, digest, credentialJson, identityId).catch(async (error) => {
      if (error instanceof TrustError) await deps.tellOfFailure(actor, pending, address);
      throw error;
    });
    const method = userVerified ? 'passkey_verified' : 'passkey';
    if (pending.held) {
      await deps.pending.prove(pending, method);
      return { proof: undefined, deviceToken: undefined, codesLeft: undefined };
    }
    const proof = await deps.pending.finish(pending, method);
    const deviceToken = remember ? await deps.devices.remember({ tenantId, actor }, proof.identity) : undefined;
    return { proof, deviceToken, codesLeft: undefined };
  };
}
