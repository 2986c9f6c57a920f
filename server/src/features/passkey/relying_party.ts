import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { Clock } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import type { Identity } from '../identity/identity.ts';
import type { OriginOf } from '../tenant/origins.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import { CHALLENGE_LIFETIME, type Passkey } from './passkey.ts';
import type { PasskeyStore } from './store.ts';

// Loaded at the first ceremony: its parsers of certificates cost memory that a server without passkeys does not need.
const library = () => import('@simplewebauthn/server');

/** What a challenge is made for. `subject` is the identity that registers, or the pending sign-in; empty for a passkey alone. */
type Purpose = { readonly tenantId: string; readonly purpose: 'registration' | 'sign_in'; readonly subject: string };

/** 16 random bytes, the instant at which it ends, and a seal over both and the purpose: asking for a challenge writes nothing. */
const SEALED = 24;

/** Makes options and checks what browsers answer. The relying party is the host of the tenant's pages (spec PKY-1). */
export type RelyingParty = {
  creationOptions(identity: Identity, known: readonly Passkey[]): Promise<string>;
  /** The new credential; undefined if the answer is not one to a challenge of this identity. */
  checkCreation(
    identity: Identity,
    json: string,
  ): Promise<Pick<Passkey, 'credentialId' | 'publicKey' | 'counter' | 'transports'> | undefined>;
  /** `subject` as in Challenge; `known` narrows it to one person's passkeys. */
  requestOptions(tenantId: string, subject: string, known: readonly Passkey[]): Promise<string>;
  /** The credential id that an answer names; undefined if it is no answer. */
  credentialOf(json: string): string | undefined;
  /** Counter and user verification of a true answer; undefined if it is none. */
  checkRequest(
    passkey: Passkey,
    subject: string,
    json: string,
  ): Promise<{ readonly counter: number; readonly userVerified: boolean } | undefined>;
};

export function relyingParty(deps: {
  readonly originOf: OriginOf;
  /** Seals challenges: the same on every node. */
  readonly key: Uint8Array;
  readonly passkeys: Pick<PasskeyStore, 'spendChallenge'>;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly clock: Clock;
  readonly random: Random;
}): RelyingParty {
  const partyOf = async (tenantId: string) => {
    const origin = await deps.originOf(tenantId);
    return { origin, rpID: new URL(origin).hostname };
  };

  const sealOf = ({ tenantId, purpose, subject }: Purpose, head: Uint8Array) =>
    createHmac('sha256', deps.key)
      .update(JSON.stringify([tenantId, purpose, subject]))
      .update(head)
      .digest();

  const newChallenge = (purpose: Purpose) => {
    const head = Buffer.concat([deps.random(16), Buffer.alloc(8)]);
    head.writeBigUInt64BE(BigInt(deps.clock() + CHALLENGE_LIFETIME), 16);
    return new Uint8Array(Buffer.concat([head, sealOf(purpose, head)]));
  };

  /** The challenge that an answer names, if it is ours, alive and answered for the first time (spec PKY-2). */
  const spend = async (purpose: Purpose, clientData: string) => {
    const challenge = challengeOf(clientData);
    const bytes = Buffer.from(challenge ?? '', 'base64url');
    if (challenge === undefined || bytes.length !== SEALED + 32 || bytes.toString('base64url') !== challenge) {
      return undefined;
    }
    const head = bytes.subarray(0, SEALED);
    const expiresAt = Number(head.readBigUInt64BE(16));
    const own = timingSafeEqual(bytes.subarray(SEALED), sealOf(purpose, head));
    if (!own || deps.clock() >= expiresAt) return undefined;
    const digest = createHash('sha256').update(bytes).digest('hex');
    const first = await deps.passkeys.spendChallenge({ tenantId: purpose.tenantId, digest, expiresAt });
    return first ? challenge : undefined;
  };

  return {
    async creationOptions(identity, known) {
      const { generateRegistrationOptions } = await library();
      const { displayName } = await deps.settings(identity.tenantId);
      const { rpID } = await partyOf(identity.tenantId);
      const name = identity.identifiers[0]?.value ?? identity.id;
      const options = await generateRegistrationOptions({
        rpID,
        rpName: displayName,
        userID: new Uint8Array(Buffer.from(identity.id)),
        userName: name,
        userDisplayName: identity.displayName || name,
        challenge: newChallenge({ tenantId: identity.tenantId, purpose: 'registration', subject: identity.id }),
        timeout: CHALLENGE_LIFETIME,
        attestationType: 'none',
        excludeCredentials: known.map(credentialName),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      });
      return JSON.stringify(options);
    },

    async checkCreation(identity, json) {
      const response = parsed<RegistrationResponseJSON>(json);
      if (response === undefined) return undefined;
      const { tenantId, id } = identity;
      const challenge = await spend(
        { tenantId, purpose: 'registration', subject: id },
        response.response.clientDataJSON,
      );
      if (challenge === undefined) return undefined;
      const { origin, rpID } = await partyOf(tenantId);
      const { verifyRegistrationResponse } = await library();
      try {
        const { verified, registrationInfo } = await verifyRegistrationResponse({
          response,
          expectedChallenge: challenge,
          expectedOrigin: origin,
          expectedRPID: rpID,
          requireUserVerification: true,
        });
        if (!verified) return undefined;
        const { credential } = registrationInfo;
        const transports = (credential.transports ?? []).filter((one) => /^[a-z-]{1,16}$/.test(one)).slice(0, 8);
        return {
          credentialId: credential.id,
          publicKey: Buffer.from(credential.publicKey).toString('base64url'),
          counter: credential.counter,
          transports,
        };
      } catch {
        // The library throws for each answer that it refuses.
        return undefined;
      }
    },

    async requestOptions(tenantId, subject, known) {
      const { rpID } = await partyOf(tenantId);
      const { generateAuthenticationOptions } = await library();
      const options = await generateAuthenticationOptions({
        rpID,
        challenge: newChallenge({ tenantId, purpose: 'sign_in', subject }),
        timeout: CHALLENGE_LIFETIME,
        allowCredentials: known.map(credentialName),
        userVerification: subject === '' ? 'required' : 'preferred',
      });
      return JSON.stringify(options);
    },

    credentialOf: (json) => parsed<AuthenticationResponseJSON>(json)?.id,

    async checkRequest(passkey, subject, json) {
      const response = parsed<AuthenticationResponseJSON>(json);
      if (response === undefined) return undefined;
      const challenge = await spend(
        { tenantId: passkey.tenantId, purpose: 'sign_in', subject },
        response.response.clientDataJSON,
      );
      if (challenge === undefined) return undefined;
      const { userHandle } = response.response;
      if (userHandle && Buffer.from(userHandle, 'base64url').toString() !== passkey.identityId) return undefined;
      const { origin, rpID } = await partyOf(passkey.tenantId);
      const { verifyAuthenticationResponse } = await library();
      try {
        const { verified, authenticationInfo } = await verifyAuthenticationResponse({
          response,
          expectedChallenge: challenge,
          expectedOrigin: origin,
          expectedRPID: rpID,
          // A passkey alone must have verified its user (spec PKY-3).
          requireUserVerification: subject === '',
          credential: {
            id: passkey.credentialId,
            publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
            // A counter that does not rise is refused by the store, which alone knows the latest.
            counter: 0,
          },
        });
        if (!verified) return undefined;
        return { counter: authenticationInfo.newCounter, userVerified: authenticationInfo.userVerified };
      } catch {
        return undefined;
      }
    },
  };
}

const credentialName = ({ credentialId, transports }: Passkey) => ({
  id: credentialId,
  transports: transports as never[],
});

/** An answer with the members that are read here; the library checks the rest. */
function parsed<T extends AuthenticationResponseJSON | RegistrationResponseJSON>(json: string): T | undefined {
  try {
    const value = JSON.parse(json) as T;
    const whole = typeof value.id === 'string' && typeof value.response?.clientDataJSON === 'string';
    return whole && value.id.length <= 1_400 ? value : undefined;
  } catch {
    return undefined;
  }
}

function challengeOf(clientData: string): string | undefined {
  try {
    const { challenge } = JSON.parse(Buffer.from(clientData, 'base64url').toString()) as { challenge?: unknown };
    return typeof challenge === 'string' ? challenge : undefined;
  } catch {
    return undefined;
  }
}
