import type { Texts } from './en.ts';
import { account } from './fr/account.ts';
import { elsewhere } from './fr/elsewhere.ts';
import { frame } from './fr/frame.ts';
import { invitation } from './fr/invitation.ts';
import { mail } from './fr/mail.ts';
import { refusals } from './fr/refusals.ts';
import { secondStep } from './fr/second_step.ts';
import { signIn } from './fr/sign_in.ts';

/** Everything that the pages say, in French. */
export const fr: Texts = { language: 'fr', account, elsewhere, frame, invitation, mail, refusals, secondStep, signIn };
