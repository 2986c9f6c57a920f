import type { Texts } from '../en.ts';

export const invitation: Texts['invitation'] = {
  title: (organisation) => `Rejoindre ${organisation}`,
  words: (email) => `Vous êtes invité avec l’adresse ${email}.`,
  newAccount: 'Choisissez un mot de passe pour créer votre compte.',
  ownAccount:
    'Un compte utilise cette adresse sans l’avoir jamais confirmée. Son mot de passe montre qu’il est le vôtre.',
  accept: 'Accepter l’invitation',
  createAndAccept: 'Créer le compte et accepter',
  decline: 'Si vous ne voulez pas accepter, fermez cette page.',
  wrongPassword: 'Ce n’est pas le mot de passe du compte qui a cette adresse.',
  joined: (organisation) => `Vous êtes membre de ${organisation}`,
  joinedWords: 'Vous pouvez maintenant vous connecter.',
  goOn: 'Continuer',
  member: 'Vous êtes déjà membre',
  memberWords: 'Il n’y a plus rien à accepter.',
  over: 'Cette invitation ne fonctionne plus',
  overWords: 'Demandez-en une autre à la personne qui vous a invité.',
  states: {
    unknown: 'Le lien n’est pas complet, ou n’est pas l’un des nôtres.',
    accepted: 'Elle a déjà été acceptée.',
    revoked: 'Elle a été retirée, ou une plus récente a pris sa place.',
    expired: 'Son délai est passé.',
    changed: 'Ce pour quoi elle était n’existe plus.',
  },
};
