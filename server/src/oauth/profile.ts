import type { OauthPresetName } from '../config/oauth_presets.ts';
import type { Account } from '../features/oauth/oauth.ts';

type Facts = Readonly<Record<string, unknown>>;
export type Profile = Pick<Account, 'subject' | 'email' | 'emailVerified' | 'displayName'>;

/** What a provider's ID token or profile says of a person; undefined where it names nobody. */
export function profileOf(preset: OauthPresetName, facts: Facts): Profile | undefined {
  const subject = subjectOf(
    preset === 'github' || preset === 'discord' || preset === 'facebook' ? facts.id : facts.sub,
  );
  if (subject === undefined) return undefined;
  const email = text(facts.email, 254);
  return { subject, email, emailVerified: email !== '' && isVerified(preset, facts), displayName: nameOf(facts) };
}

/** Whether the provider itself says that the address is the person's. Silence means no. */
function isVerified(preset: OauthPresetName, facts: Facts): boolean {
  // Anyone who runs a tenant there may write any address into `email`; `xms_edov` says that its domain's owner did (an optional claim).
  if (preset === 'microsoft') return [true, 1, '1', 'true'].some((yes) => facts.xms_edov === yes);
  if (preset === 'discord') return facts.verified === true;
  // Says nothing of it.
  if (preset === 'facebook') return false;
  return facts.email_verified === true || (preset === 'apple' && facts.email_verified === 'true');
}

/** Of GitHub's list of addresses, the one that is both primary and verified. */
export function primaryAddress(list: unknown): string | undefined {
  if (!Array.isArray(list)) return undefined;
  const found = (list as readonly Facts[]).find((one) => one?.primary === true && one.verified === true);
  return found && text(found.email, 254);
}

function subjectOf(given: unknown): string | undefined {
  const subject = typeof given === 'number' && Number.isSafeInteger(given) ? String(given) : given;
  return typeof subject === 'string' && /^[\x20-\x7e]{1,255}$/.test(subject) ? subject : undefined;
}

function nameOf({ name, global_name, preferred_username, username, login }: Facts): string {
  return (
    [name, global_name, preferred_username, username, login].map((one) => text(one, 128)).find((one) => one !== '') ??
    ''
  );
}

/** Text of so many characters at most, without control characters; anything else is nothing. */
function text(given: unknown, max: number): string {
  if (typeof given !== 'string') return '';
  const plain = given.replaceAll(/\p{C}/gu, '').trim();
  return [...plain].length <= max ? plain : '';
}
