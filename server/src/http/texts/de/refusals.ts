import type { Texts } from '../en.ts';

export const refusals: Texts['refusals'] = {
  notFound: 'Seite nicht gefunden',
  notFoundWords: 'Diese Seite gibt es hier nicht. Gehen Sie zu der Website zurück, die Sie nutzen möchten.',
  wrongMethod: 'Das geht hier nicht',
  wrongMethodWords: 'Diese Seite nimmt solche Anfragen nicht an.',
  badLink: 'Dieser Link funktioniert nicht',
  badLinkWords:
    'Die Website, von der Sie kommen, hat nicht richtig angegeben, wohin Sie zurückkehren sollen. Deshalb geht es hier nicht weiter. Gehen Sie dorthin zurück und versuchen Sie es noch einmal.',
  badField: (name) => `${name} fehlt oder ist nicht erlaubt`,
  badQuery: 'Ein Feld kommt zweimal vor oder ist kein UTF-8',
  badForm: 'Das war nicht lesbar',
  badFormWords:
    'Das Formular kam nicht so an, wie diese Seite es sendet. Gehen Sie zurück und versuchen Sie es noch einmal.',
  foreignForm: 'Bitte beginnen Sie von vorn',
  foreignFormWords:
    'Dieses Formular ist zu alt oder kam nicht von dieser Seite in diesem Browser. Es wurde nichts damit getan.',
  startAgain: 'Von vorn beginnen',
  suspended: 'Zurzeit geschlossen',
  suspendedWords:
    'Die Anmeldung ist hier ausgesetzt. Ihr Konto bleibt erhalten. Bitte kommen Sie später wieder, oder fragen Sie den Betreiber dieses Dienstes.',
  signUpClosed: 'Die Registrierung ist geschlossen',
  signUpClosedWords: 'Hier können zurzeit keine neuen Konten angelegt werden.',
  tooManyTries: 'Zu viele Versuche',
  tooManyTriesWords: (minutes) =>
    `Das wurde zu oft versucht. Warten Sie ${minutes === 1 ? 'eine Minute' : `${minutes} Minuten`} und versuchen Sie es dann noch einmal.`,
  tooBusy: 'Gerade ist zu viel los',
  tooBusyWords:
    'Im Moment ist mehr zu tun, als auf einmal geht. Warten Sie einen Augenblick und versuchen Sie es dann noch einmal.',
  failed: 'Etwas ist schiefgegangen',
  failedWords:
    'Das liegt an uns, nicht an Ihnen. Versuchen Sie es noch einmal; passiert es wieder, sagen Sie es bitte dem Betreiber dieser Website.',
  request: (id) => `Anfrage ${id}`,
};
