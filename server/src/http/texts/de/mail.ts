import type { Texts } from '../en.ts';

export const mail: Texts['mail'] = {
  signInByCode: 'Mit einem Code anmelden',
  signInByCodeWords: 'Wir senden einen Code an Ihre E-Mail-Adresse. Ein Passwort ist nicht nötig.',
  byCode: 'Stattdessen einen Code senden',
  forgot: 'Passwort vergessen?',
  recover: 'Neues Passwort wählen',
  recoverWords: 'Wir senden einen Code und einen Link an Ihre E-Mail-Adresse.',
  send: 'E-Mail senden',
  back: 'Zurück zur Anmeldung',
  checkMail: 'Sehen Sie in Ihr Postfach',
  sent: (email) =>
    `Wenn es ein Konto mit der Adresse ${email} gibt, ist eine E-Mail dorthin unterwegs. Sie gilt 15 Minuten lang.`,
  code: 'Code aus der E-Mail',
  newPassword: 'Neues Passwort',
  setPassword: 'Passwort setzen',
  nothingCame: 'Nichts angekommen?',
  again: 'Noch eine E-Mail anfordern',
  codeRejected: 'Dieser Code hat nicht funktioniert. Prüfen Sie ihn oder fordern Sie noch eine E-Mail an.',
  confirm: 'E-Mail-Adresse bestätigen',
  confirmButton: 'Adresse bestätigen',
  signInLink: (email) => `Sie melden sich als ${email} an.`,
  resetLink: (email) =>
    `Wählen Sie ein neues Passwort für das Konto mit der Adresse ${email}. Alle Geräte werden abgemeldet.`,
  verifyLink: (email) => `Haben Sie die Adresse ${email} eingegeben? Bestätigen Sie sie nur, wenn Sie es waren.`,
  confirmed: 'Die Adresse ist bestätigt',
  confirmedWords: 'Sie können diese Seite schließen und dorthin zurückkehren, woher Sie kamen.',
  changed: 'Das Passwort wurde geändert',
  changedWords:
    'Alle Geräte wurden abgemeldet. Gehen Sie dorthin zurück, wo Sie begonnen haben, und melden Sie sich mit dem neuen Passwort an.',
  elsewhere: 'Ein anderer Browser hat das angefordert',
  elsewhereWords:
    'Dieser Link meldet nur in dem Browser an, in dem er angefordert wurde. Öffnen Sie ihn dort, oder geben Sie dort den Code aus der E-Mail ein.',
  linkOver: 'Dieser Link gilt nicht mehr',
  linkOverWords:
    'Er wurde schon verwendet, ist älter als 15 Minuten, oder ein neuerer ist an seine Stelle getreten. Fordern Sie noch eine E-Mail an.',
  newAddress: 'E-Mail-Adresse hinzufügen oder ändern',
  newAddressWords: 'Wir senden einen Code an die Adresse. Sie gilt, sobald Sie ihn hier eingegeben haben.',
  newEmail: 'Neue E-Mail-Adresse',
  others: 'Ihre jetzigen Adressen',
  beside: 'Sie behalten',
  inPlaceOf: (address) => `${address} ersetzen: Überall sonst werden Sie abgemeldet`,
  tooManyNames: (most) =>
    `Sie haben ${most} Namen, mehr gehen nicht. Setzen Sie die Adresse an die Stelle einer anderen, oder entfernen Sie zuerst eine.`,
  addressCounts: 'Ab jetzt können Sie sich mit ihr anmelden.',
};
