/** What stands around each page, and the page at the root. */
export const frame = {
  secured: 'Secured by Trust Layer.',
  noScripts: 'This page runs no scripts.',
  passkeyScript: 'The only script here is for passkeys.',
  workScript: 'The only script here keeps floods of robots away.',
  bothScripts: 'The scripts here are for passkeys, and keep floods of robots away.',
  languages: 'Language',
  terms: 'Terms',
  privacy: 'Privacy',
  support: 'Help',
  optional: 'optional',
  toContinueTo: 'to continue to',
  home: 'Home',
  nothingHere: 'Nothing to do here',
  signsInForOthers:
    'This server signs people in for other sites. Go back to the one that you want to use: it brings you here when needed.',
  outbox: 'Outbox',
  outboxWords:
    'Mails of this development server. They are sent nowhere, and nobody else sees this page. The same in a terminal:',
  noMail: 'No mail waits.',
  mailTo: 'to',
  asHtml: 'As HTML',
  running: 'The Trust Layer is running',
  giveItAnApp: 'Give it an app. In another terminal, start one of the starters and open the address that it prints:',
  sdksRead: 'What SDKs read under',
};
