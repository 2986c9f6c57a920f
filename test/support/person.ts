import type { PasswordWorld } from './password_world.ts';
import { totpCode } from './totp_code.ts';

/** Gives the identity of a session an authenticator app; the secret. */
export async function softwareTotp(world: PasswordWorld, sessionId: string): Promise<string> {
  const mfa = world.useCases;
  const { identity, enrolled, within } = await mfa.readSubject('default', { sessionId });
  const setup = await mfa.startTotpEnrollment(identity);
  const code = totpCode(setup.secret, world.time.now);
  await mfa.completeTotpEnrollment({
    identity,
    actor: 'web',
    enrolled,
    within,
    token: setup.token,
    code,
    label: 'Phone',
  });
  return setup.secret;
}
