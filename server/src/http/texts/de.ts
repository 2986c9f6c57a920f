import { account } from './de/account.ts';
import { elsewhere } from './de/elsewhere.ts';
import { frame } from './de/frame.ts';
import { invitation } from './de/invitation.ts';
import { mail } from './de/mail.ts';
import { refusals } from './de/refusals.ts';
import { secondStep } from './de/second_step.ts';
import { signIn } from './de/sign_in.ts';
import type { Texts } from './en.ts';

/** Everything that the pages say, in German. */
export const de: Texts = { language: 'de', account, elsewhere, frame, invitation, mail, refusals, secondStep, signIn };
