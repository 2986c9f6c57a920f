import type { Texts } from '../en.ts';

export const signIn: Texts['signIn'] = {
  signIn: 'Anmelden',
  identifier: 'E-Mail oder Benutzername',
  password: 'Passwort',
  usePasskey: 'Passkey verwenden',
  newHere: 'Neu hier?',
  createAnAccount: 'Konto erstellen',
  createYourAccount: 'Konto erstellen',
  email: 'E-Mail-Adresse',
  name: 'Name',
  passwordHint: 'Mindestens 8 Zeichen. Am besten drei oder vier Wörter, die nicht zusammengehören.',
  createAccount: 'Konto erstellen',
  haveAccount: 'Sie haben ein Konto?',
  rejected: 'Das hat nicht geklappt. Prüfen Sie Ihre Eingaben und versuchen Sie es noch einmal.',
  passkeyRejected:
    'Dieser Passkey hat hier nicht funktioniert. Versuchen Sie es noch einmal oder melden Sie sich anders an.',
  badEmail: 'Geben Sie eine gültige E-Mail-Adresse ein.',
  badPassword: 'Verwenden Sie ein Passwort aus 8 bis 1.024 Zeichen.',
  weakPassword: 'Dieses Passwort ist zu leicht zu erraten. Wählen Sie ein anderes.',
  badName: 'Verwenden Sie einen kürzeren Namen.',
  workAsked: (minutes: number) =>
    `Gerade kommen sehr viele Anmeldungen, deshalb zeigt Ihr Browser zuerst mit etwas Rechenarbeit, dass er kein Roboter ist. Bitte senden Sie dies noch einmal ab. Ohne Skripte: Versuchen Sie es in ${minutes === 1 ? 'einer Minute' : `${minutes} Minuten`} wieder.`,
  workGoesOn: 'Einen Augenblick: Ihr Browser rechnet noch.',
  workNeedsScript:
    'Gerade kommen sehr viele Anmeldungen. Erlauben Sie hier Skripte, damit Ihr Browser zeigen kann, dass er kein Roboter ist, oder versuchen Sie es einige Minuten später.',
};
