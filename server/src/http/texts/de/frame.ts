import type { Texts } from '../en.ts';

export const frame: Texts['frame'] = {
  secured: 'Gesichert durch Trust Layer.',
  noScripts: 'Diese Seite führt keine Skripte aus.',
  passkeyScript: 'Das einzige Skript hier dient den Passkeys.',
  workScript: 'Das einzige Skript hier hält Fluten von Robotern fern.',
  bothScripts: 'Die Skripte hier dienen den Passkeys und halten Fluten von Robotern fern.',
  languages: 'Sprache',
  terms: 'Nutzungsbedingungen',
  privacy: 'Datenschutz',
  support: 'Hilfe',
  optional: 'freiwillig',
  toContinueTo: 'weiter zu',
  home: 'Startseite',
  nothingHere: 'Hier gibt es nichts zu tun',
  signsInForOthers:
    'Dieser Server meldet Menschen bei anderen Websites an. Gehen Sie zu der zurück, die Sie nutzen möchten: Sie führt Sie hierher, wenn es nötig ist.',
  outbox: 'Postausgang',
  outboxWords:
    'Mails dieses Entwicklungsservers. Sie werden nirgendwohin gesendet, und niemand sonst sieht diese Seite. Dasselbe im Terminal:',
  noMail: 'Keine Mail wartet.',
  mailTo: 'an',
  asHtml: 'Als HTML',
  running: 'Der Trust Layer läuft',
  giveItAnApp:
    'Geben Sie ihm eine App. Starten Sie in einem zweiten Terminal eine der Vorlagen und öffnen Sie die Adresse, die sie ausgibt:',
  sdksRead: 'Das lesen SDKs unter',
};
