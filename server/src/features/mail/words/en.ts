import { button, moment } from '../layout.ts';
import type { DeviceValues, Dictionary } from '../templates.ts';

/** When, and from where. */
const placed = ({ browser, system, address, place, at }: DeviceValues): string => {
  const device = browser && system ? `${browser} on ${system}` : browser || system;
  return [device, address && `address ${address}${place ? ` (${place})` : ''}`, moment(at, 'en')]
    .filter(Boolean)
    .join(', ');
};

const NOT_YOU = {
  password:
    'If that was you, there is nothing to do. If it was not, choose a new password at once (“Forgot your password?” where you sign in), and write to the people who run the site.',
  account:
    'If that was you, there is nothing to do. If it was not, change your password at once, sign out everywhere, and write to the people who run the site.',
};
const FACTORS = { totp: 'An authenticator app', passkey: 'A passkey' };

export const en: Dictionary = {
  help: 'Help',
  sentBy: (name) => `This mail was sent by ${name}, because this address was entered there.`,
  password_changed: (at, name) => ({
    subject: 'Your password was changed',
    lead: [
      `The password of your account at ${name} was changed just now, and every other device was signed out:`,
      placed(at),
    ],
    after: [NOT_YOU.password],
  }),
  identifier_changed: (at, name) => ({
    subject: 'What you sign in with was changed',
    lead: [
      `An e-mail address or a name of your account at ${name} was added, changed or removed just now:`,
      placed(at),
    ],
    after: [NOT_YOU.account],
  }),
  factor_added: ({ factor = 'totp', ...at }, name) => ({
    subject: `${FACTORS[factor]} was added to your account`,
    lead: [`${FACTORS[factor]} was added to your account at ${name} just now, to sign in with:`, placed(at)],
    after: [NOT_YOU.account],
  }),
  factor_removed: ({ factor = 'totp', ...at }, name) => ({
    subject: `${FACTORS[factor]} was removed from your account`,
    lead: [`${FACTORS[factor]} of your account at ${name} was removed just now:`, placed(at)],
    after: [NOT_YOU.account],
  }),
  recovery_codes_made: (at, name) => ({
    subject: 'Your recovery codes were replaced',
    lead: [`New recovery codes were made for your account at ${name} just now. The old ones work no more:`, placed(at)],
    after: [NOT_YOU.account],
  }),
  account_linked: ({ provider = '', ...at }, name) => ({
    subject: `Your account was connected to ${provider}`,
    lead: [`An account at ${provider} can sign in to your account at ${name} from now on:`, placed(at)],
    after: [NOT_YOU.account],
  }),
  account_unlinked: ({ provider = '', ...at }, name) => ({
    subject: `Your account was disconnected from ${provider}`,
    lead: [`An account at ${provider} can sign in to your account at ${name} no more:`, placed(at)],
    after: [NOT_YOU.account],
  }),
  new_device: (at, name) => ({
    subject: 'A sign-in from a new device',
    lead: [
      `Somebody signed in to your account at ${name} from a device or a place that was not used for it before:`,
      placed(at),
    ],
    after: [
      'If that was you, there is nothing to do. If it was not, change your password at once, and sign out everywhere.',
    ],
  }),
  sign_in_attempts: ({ what, ...at }, name) => ({
    subject: what === 'throttled' ? 'Many attempts to sign in to your account' : 'Somebody failed at your second step',
    lead: [
      what === 'throttled'
        ? `Somebody tried to sign in to your account at ${name} so often that it is held up for a while. The last attempt so far:`
        : `Somebody passed the first step of the sign-in to your account at ${name}, and failed at the second several times. The last attempt so far:`,
      placed(at),
    ],
    after: [
      what === 'throttled'
        ? 'If that was you, wait a little, or choose a new password. If it was not, nobody got in by these attempts. Choose another password if yours is short or used elsewhere too.'
        : 'If that was you, there is nothing to do. If it was not, nobody got in, but somebody knows your password, or reads your mail: change your password at once, and sign out everywhere.',
    ],
  }),
  sign_in_code: ({ code, link, minutes }, name) => ({
    subject: 'Your code to sign in',
    lead: [`Somebody, you we hope, wants to sign in to ${name} with this address. The code is:`],
    code,
    ...button('Sign in', link),
    after: [
      `It works once, within ${minutes} minutes, where it was asked for. Never tell it to anybody, whoever asks.`,
      'If it was not you, do nothing: nobody gets in without it.',
    ],
  }),
  reset_password: ({ code, link, minutes }, name) => ({
    subject: 'Choose a new password',
    lead: [`Somebody, you we hope, wants a new password for your account at ${name}. The code is:`],
    code,
    ...button('Choose a new password', link),
    after: [
      `Code and link work once, within ${minutes} minutes. Never tell them to anybody, whoever asks.`,
      'If it was not you, do nothing: your password stays as it is.',
    ],
  }),
  verify_email: ({ code, link, minutes }, name) => ({
    subject: 'Is this your e-mail address?',
    lead: [`This address was entered at ${name}. If you did that, confirm it. The code is:`],
    code,
    ...button('Confirm the address', link),
    after: [
      `Code and link work once, within ${minutes} minutes.`,
      'If it was not you, do nothing, and do not confirm: somebody else would have an account in your name.',
    ],
  }),
  invitation: ({ organisation, inviter, link, count, unit }, name) => ({
    subject: `Invitation to ${organisation}`,
    lead: [`${inviter === '' ? 'You are invited' : `${inviter} invites you`} to join ${organisation} at ${name}.`],
    ...button('Look at the invitation', link),
    after: [
      `It is for this address alone, and works once, within ${count} ${count === 1 ? 'hour' : unit}.`,
      'If you do not expect it, do nothing: nobody joins without the link.',
    ],
  }),
};
