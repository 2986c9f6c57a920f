import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { composeEmail } from '../../server/src/compose_mail.ts';
import { composeOauth } from '../../server/src/compose_oauth.ts';
import { guestOf } from '../../server/src/features/guest/guest.ts';
import { mailSeal, mailWriter } from '../../server/src/features/mail/write_mail.ts';
import type { OauthProviders } from '../../server/src/features/oauth/store.ts';
import type { Hasher } from '../../server/src/features/password/hasher.ts';
import type { PasswordStrength } from '../../server/src/features/password/password_rules.ts';
import { changePassword, setPassword, writePassword } from '../../server/src/features/password/set_password.ts';
import {
  authenticatePassword,
  provePassword,
  type SignInOutcome,
  signInWithPassword,
} from '../../server/src/features/password/sign_in_with_password.ts';
import { registerPassword, signUpWithPassword } from '../../server/src/features/password/sign_up_with_password.ts';
import { askForWork, limitAttempts } from '../../server/src/features/rate_limit/limit_attempts.ts';
import type { ProofOfWork } from '../../server/src/features/rate_limit/proof_of_work.ts';
import { revokeSession } from '../../server/src/features/session/revoke_session.ts';
import { exchangeSignInCode } from '../../server/src/features/sign_in/exchange_sign_in_code.ts';
import { issueSignInCode } from '../../server/src/features/sign_in/issue_sign_in_code.ts';
import type { Elsewhere } from '../../server/src/features/users_table/elsewhere.ts';
import { NOWHERE } from '../../server/src/kernel/place_name.ts';
import { sealerOf } from '../../server/src/kernel/sealer.ts';
import { fakeWork, testWorld } from './world.ts';

/** A hasher that costs nothing and notes each hash: `hash` or what was compared with. */
export function countingHasher() {
  const work: string[] = [];
  const digest = (password: string) => `fake:${createHash('sha256').update(password).digest('hex')}`;
  const stale = new Set<string>();
  const hasher: Hasher = {
    async hash(password) {
      work.push('hash');
      return digest(password);
    },
    async verify(stored, password) {
      work.push(stored === undefined ? 'verify dummy' : 'verify');
      return stored !== undefined && stored.replace('old-', '') === digest(password);
    },
    needsRehash: (stored) => stored.startsWith('old-') || stale.has(stored),
  };
  return { hasher, work, digest, stale };
}

/** Refuses what begins with `weak`. */
export const fakeStrength: PasswordStrength = {
  isWeak: async (password) => password.startsWith('weak'),
  close: async () => {},
};

type Options = {
  /** A second place of passwords, made of the world that it is in. */
  readonly elsewhere?: (world: ReturnType<typeof testWorld> & { readonly hasher: Hasher }) => Elsewhere;
  readonly hasher?: Hasher;
  readonly oauthProviders?: OauthProviders;
  readonly strength?: PasswordStrength;
  readonly proofOfWork?: ProofOfWork;
  /** Whether the server has a place to send mails to. */
  readonly mail?: boolean;
  /** Whether who signs up is sent a mail. */
  readonly askOwner?: boolean;
};

const created = ({ created: session }: SignInOutcome) => session ?? assert.fail('more is asked');

/** Passwords, codes and sessions over memory stores. */
export function passwordWorld(options: Options = {}) {
  const world = testWorld();
  const counting = countingHasher();
  const { stores } = world;
  const seal = mailSeal(sealerOf({ masterKey: Buffer.alloc(32, 3), random: world.random, purpose: 'test' }));
  const mails = mailWriter({ ...world, seal, placeName: NOWHERE, enabled: options.mail ?? true });
  const deps = {
    ...world,
    mails,
    hasher: options.hasher ?? counting.hasher,
    strength: options.strength ?? fakeStrength,
    codes: stores.signInCodes,
    recordAudit: stores.audit.append,
    readIdentityByIdentifier: stores.identities.readByIdentifier,
    insertIdentity: stores.identities.insert,
    createSession: world.create,
    limitAttempts: limitAttempts({
      ...world,
      rateLimits: stores.rateLimits,
      proofOfWork: options.proofOfWork ?? fakeWork,
    }),
  };
  const elsewhere = options.elsewhere?.(deps);
  const prove = provePassword({ ...deps, elsewhere });
  const authenticate = authenticatePassword({ ...deps, provePassword: prove });
  const write = writePassword(deps);
  const email = composeEmail({
    ...deps,
    ...world.useCases,
    store: stores,
    masterKey: Buffer.alloc(32, 3),
    writePassword: write,
  });
  const register = registerPassword({
    ...deps,
    elsewhere,
    guests: { of: guestOf(world), identities: stores.identities },
    askOwner: options.askOwner ? email.askOwner : undefined,
  });
  const signUp = signUpWithPassword({ ...deps, ...world.useCases, registerPassword: register });
  const signInWith = signInWithPassword({ ...deps, ...world.useCases, provePassword: prove });
  const oauth = composeOauth({
    ...deps,
    store: stores,
    providers: options.oauthProviders ?? [],
    masterKey: Buffer.alloc(32, 3),
    elsewhere,
    ends: world.useCases,
  });
  const attempt = {
    tenantId: 'default',
    actor: 'web',
    identifierType: 'email' as const,
    identifier: 'ada@example.com',
    password: 'violet-otter-battery',
    address: '192.0.2.7',
    displayName: 'Ada',
  };
  const limits = { ...world, rateLimits: stores.rateLimits, proofOfWork: options.proofOfWork ?? fakeWork };
  return {
    ...world,
    askForWork: askForWork(limits),
    oauth: oauth.useCases,
    oauthRpc: oauth.handlers.OauthService,
    work: counting.work,
    digest: counting.digest,
    hasher: deps.hasher,
    attempt,
    authenticate,
    register,
    signUp,
    signInWith,
    signedUp: async (...input: Parameters<ReturnType<typeof signUpWithPassword>>) => created(await signUp(...input)),
    signedInWith: async (...input: Parameters<ReturnType<typeof signInWithPassword>>) =>
      created(await signInWith(...input)),
    setPassword: setPassword({ ...deps, writePassword: write }),
    changePassword: changePassword({ ...deps, ...world.useCases, writePassword: write }),
    email: email.useCases,
    emailRpc: email.handlers.EmailService,
    issue: issueSignInCode(deps),
    exchange: exchangeSignInCode({ ...deps, revokeSession: revokeSession(world) }),
    /** Names of the audit events, in order. */
    acts: () => stores.events.map(({ action }) => action),
    seal,
    mails,
    /** Makes an address a verified one of whoever has it. */
    async confirmed(email: string) {
      const before = (await stores.identities.readByIdentifier('default', 'email', email)) ?? assert.fail();
      const identifiers = before.identifiers.map((one) => ({ ...one, verified: one.verified || one.value === email }));
      const after = { ...before, identifiers, version: before.version + 1 };
      await stores.identities.replace(before, after, { changes: [], events: [] });
    },
    /** Mails to somebody that wait, the newest first. */
    outbox: async () =>
      (await stores.outbox.list('default', 99))
        .map((mail) => ({ ...seal.open(mail), id: mail.id }))
        .filter(({ to }) => to !== ''),
  };
}

export type PasswordWorld = ReturnType<typeof passwordWorld>;
