import type { SubjectName } from '../../server/src/features/pending_sign_in/subject.ts';
import { MINUTE, SECOND } from '../../server/src/kernel/clock.ts';
import { softwarePasskey } from './authenticator.ts';
import { passwordWorld } from './password_world.ts';
import { totpCode } from './totp_code.ts';
import { NO_DEVICE } from './world.ts';

export const ORIGIN = 'http://localhost:8080';

/** One person with a password, over memory stores and a clock that the test sets. */
export async function mfaWorld() {
  const world = passwordWorld();
  const mfa = world.useCases;
  const { sessionId, identity } = await world.signedUp({ ...world.attempt, address: '', device: NO_DEVICE });
  const by = { tenantId: 'default', actor: 'web' };

  const signIn = (deviceToken?: string) =>
    world.signInWith({ ...world.attempt, address: '', device: NO_DEVICE, deviceToken });
  /** A sign-in that must ask for more: its token. */
  const pendingToken = async () => (await signIn()).pending?.token ?? '';

  const enrollTotp = async (name: SubjectName = { sessionId }) => {
    const subject = await mfa.readSubject('default', name);
    const setup = await mfa.startTotpEnrollment(subject.identity);
    const code = totpCode(setup.secret, world.time.now);
    const { identity: who, within, enrolled } = subject;
    const input = { identity: who, actor: 'web', enrolled, within, token: setup.token, code, label: 'Phone' };
    const { totp, recoveryCodes } = await mfa.completeTotpEnrollment(input);
    return { secret: setup.secret, token: setup.token, totp, recoveryCodes };
  };

  const enrollPasskey = async (name: SubjectName = { sessionId }, passkey = softwarePasskey(ORIGIN)) => {
    const subject = await mfa.readSubject('default', name);
    const options = await mfa.startPasskeyRegistration(subject.identity);
    const credentialJson = passkey.create(options);
    const input = {
      identity: subject.identity,
      actor: 'web',
      enrolled: subject.enrolled,
      within: subject.within,
      credentialJson,
      label: 'Key',
    };
    const { recoveryCodes, passkey: record } = await mfa.completePasskeyRegistration(input);
    return { passkey, options, record, recoveryCodes };
  };

  return {
    ...world,
    mfa,
    by,
    sessionId,
    identityId: identity.id,
    signIn,
    pendingToken,
    enrollTotp,
    enrollPasskey,
    /** Lets the next time-step of codes begin. */
    nextStep: () => {
      world.time.now += 30 * SECOND;
    },
    minutes: (count: number) => {
      world.time.now += count * MINUTE;
    },
    policy: (change: Partial<typeof world.tenant.settings>) => {
      world.tenant.settings = { ...world.tenant.settings, ...change };
    },
  };
}
