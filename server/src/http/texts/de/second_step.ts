import type { Texts } from '../en.ts';

export const secondStep: Texts['secondStep'] = {
  confirm: 'Bestätigen Sie, dass Sie es sind',
  code: 'Code',
  codeHint: 'Die 6 Ziffern, die Ihre Authentifizierungs-App anzeigt.',
  recoveryCode: 'Wiederherstellungscode',
  recoveryHint: 'Jeder gilt einmal.',
  remember: (days) => `Auf diesem Gerät ${days === 1 ? 'einen Tag' : `${days} Tage`} lang nicht mehr fragen`,
  usePasskey: 'Ihren Passkey verwenden',
  or: 'oder',
  passkeysNeedScript:
    'Passkeys brauchen JavaScript. Schalten Sie es ein oder verwenden Sie einen Wiederherstellungscode.',
  passkeysNeedName:
    'Passkeys werden hier nicht angeboten: Sie brauchen Seiten unter einem Namen, und diese Adresse ist eine Zahl. Wer diese Website betreibt, kann ihr einen geben.',
  goOn: 'Weiter',
  goBack: 'Zurück',
  lostIt: 'Nicht zur Hand?',
  useRecoveryCode: 'Wiederherstellungscode verwenden',
  codeRejected: 'Dieser Code hat nicht funktioniert. Warten Sie auf einen neuen und versuchen Sie es noch einmal.',
  passkeyRejected: 'Dieser Passkey hat hier nicht funktioniert. Versuchen Sie es noch einmal.',
  passkeyUnused: 'Der Passkey wurde nicht verwendet. Versuchen Sie es noch einmal oder nehmen Sie einen anderen Weg.',
  protect: 'Schützen Sie Ihr Konto',
  protectWords:
    'Ihr Konto braucht einen zweiten Nachweis, dass Sie es sind. Wählen Sie einen aus; es dauert eine Minute.',
  useApp: 'Authentifizierungs-App verwenden',
  scan: 'Öffnen Sie eine Authentifizierungs-App und scannen Sie diesen Code.',
  cannotScan: 'Scannen geht nicht?',
  typeKey: 'Geben Sie diesen Schlüssel in die App ein:',
  typeDigits: 'Geben Sie die 6 Ziffern ein, die sie anzeigt.',
  turnOn: 'Einschalten',
  createPasskey: 'Passkey erstellen',
  anotherPasskey: 'Weiteren Passkey hinzufügen',
  security: 'Sicherheit',
  noFactor: 'Fügen Sie zu dem Weg, auf dem Sie sich angemeldet haben, einen zweiten Nachweis hinzu, dass Sie es sind.',
  besideSignIn: 'Damit weisen Sie zusätzlich zu Ihrer Anmeldung nach, dass Sie es sind.',
  app: 'Authentifizierungs-App',
  passkey: 'Passkey',
  codes: 'Codes',
  since: (date) => `seit ${date}`,
  remove: 'Entfernen',
  removeNamed: (label) => `${label} entfernen`,
  addApp: 'Authentifizierungs-App hinzufügen',
  codesLeft: (count) =>
    count === 1
      ? 'Ein Wiederherstellungscode ist übrig.'
      : `${count === 0 ? 'Keine' : count} Wiederherstellungscodes sind übrig.`,
  newCodes: 'Neue Wiederherstellungscodes erstellen',
  forgetDevices: 'Gemerkte Geräte vergessen',
  done: 'Fertig',
  yourCodes: 'Ihre Wieder\u00adherstellungs\u00adcodes',
  keepCodes:
    'Bewahren Sie diese Codes sicher auf, etwa in Ihrem Passwortmanager. Mit jedem kommen Sie einmal in Ihr Konto, wenn Sie Ihr Gerät verlieren. Sie werden nicht noch einmal angezeigt.',
  savedCodes: 'Ich habe sie gesichert',
};
