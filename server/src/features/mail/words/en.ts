import { button, moment } from '../layout.ts';
import type { Dictionary } from '../templates.ts';

export const en: Dictionary = {
  help: 'Help',
  sentBy: (name) => `This mail was sent by ${name}, because this address was entered there.`,
  password_changed: (_, name) => ({
    subject: 'Your password was changed',
    lead: [`The password of your account at ${name} was changed just now, and every other device was signed out.`],
    after: ['If that was you, there is nothing to do. If it was not, write to the people who run the site at once.'],
  }),
  email_changed: (_, name) => ({
    subject: 'Your account has another e-mail address',
    lead: [`An e-mail address of your account at ${name} was added or changed just now.`],
    after: ['If that was you, there is nothing to do. If it was not, write to the people who run the site at once.'],
  }),
  new_device: ({ browser, system, address, at }, name) => ({
    subject: 'A sign-in from a new device',
    lead: [
      `Somebody signed in to your account at ${name} from a device or a place that was not used for it before:`,
      `${browser && system ? `${browser} on ${system}` : browser || system}${address === '' ? '' : `, address ${address}`}, ${moment(at, 'en')}`,
    ],
    after: [
      'If that was you, there is nothing to do. If it was not, change your password at once, and sign out everywhere.',
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
