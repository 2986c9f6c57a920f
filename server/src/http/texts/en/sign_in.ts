/** Sign-in and sign-up. */
export const signIn = {
  signIn: 'Sign in',
  identifier: 'E-mail or user name',
  password: 'Password',
  usePasskey: 'Use a passkey',
  newHere: 'New here?',
  createAnAccount: 'Create an account',
  createYourAccount: 'Create your account',
  email: 'E-mail address',
  name: 'Name',
  passwordHint: 'At least 8 characters. Three or four words that do not belong together work best.',
  createAccount: 'Create account',
  haveAccount: 'Have an account?',
  /** One sentence for wrong, unknown, disabled and taken (spec PWD-3, PWD-6). */
  rejected: 'That did not work. Check what you typed and try again.',
  passkeyRejected: 'That passkey did not work here. Try again, or sign in another way.',
  badEmail: 'Enter a valid e-mail address.',
  badPassword: 'Use a password of 8 to 1,024 characters.',
  weakPassword: 'That password is too easy to guess. Choose another.',
  badName: 'Use a shorter name.',
  workAsked: (minutes: number) =>
    `Many sign-ins are coming in just now, so your browser first proves with some work that it is no robot. Please send this once more. Without scripts, try again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`,
  workGoesOn: 'One moment: your browser is still at work.',
  workNeedsScript:
    'Many sign-ins are coming in just now. Allow scripts here, so that your browser can prove that it is no robot, or try again some minutes later.',
};
