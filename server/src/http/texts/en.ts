import type { Language } from '../../kernel/language.ts';
import { account } from './en/account.ts';
import { elsewhere } from './en/elsewhere.ts';
import { frame } from './en/frame.ts';
import { invitation } from './en/invitation.ts';
import { mail } from './en/mail.ts';
import { refusals } from './en/refusals.ts';
import { secondStep } from './en/second_step.ts';
import { signIn } from './en/sign_in.ts';

/** Everything that the pages say, in English. The other catalogues have its shape: a text that one of them lacks is a type error. */
export const en = {
  language: 'en' as Language,
  account,
  elsewhere,
  frame,
  invitation,
  mail,
  refusals,
  secondStep,
  signIn,
};

export type Texts = typeof en;
