import type { Texts } from '../en.ts';

export const invitation: Texts['invitation'] = {
  title: (organisation) => `${organisation} beitreten`,
  words: (email) => `Sie sind mit der Adresse ${email} eingeladen.`,
  newAccount: 'Wählen Sie ein Passwort: Damit entsteht Ihr Konto.',
  ownAccount:
    'Es gibt ein Konto mit dieser Adresse, das sie nie bestätigt hat. Sein Passwort zeigt, dass es Ihres ist.',
  accept: 'Einladung annehmen',
  createAndAccept: 'Konto anlegen und annehmen',
  decline: 'Wenn Sie nicht beitreten wollen, schließen Sie diese Seite.',
  wrongPassword: 'Das ist nicht das Passwort des Kontos mit dieser Adresse.',
  joined: (organisation) => `Sie sind Mitglied von ${organisation}`,
  joinedWords: 'Sie können sich jetzt anmelden.',
  goOn: 'Weiter',
  member: 'Sie sind bereits Mitglied',
  memberWords: 'Es ist nichts mehr anzunehmen.',
  over: 'Diese Einladung gilt nicht mehr',
  overWords: 'Bitten Sie, wer Sie eingeladen hat, um eine neue.',
  states: {
    unknown: 'Der Link ist nicht vollständig, oder er stammt nicht von uns.',
    accepted: 'Sie wurde bereits angenommen.',
    revoked: 'Sie wurde zurückgenommen, oder eine neuere ist an ihre Stelle getreten.',
    expired: 'Ihre Zeit ist abgelaufen.',
    changed: 'Das, wofür sie galt, gibt es nicht mehr.',
  },
};
