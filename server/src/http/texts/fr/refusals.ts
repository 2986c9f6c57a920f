import type { Texts } from '../en.ts';

export const refusals: Texts['refusals'] = {
  notFound: 'Page introuvable',
  notFoundWords: 'Cette page n’existe pas ici. Retournez sur le site que vous voulez utiliser.',
  wrongMethod: 'Ce n’est pas possible ici',
  wrongMethodWords: 'Cette page n’accepte pas ce genre de demande.',
  badLink: 'Ce lien ne fonctionne pas',
  badLinkWords:
    'Le site qui vous a envoyé ici n’a pas indiqué correctement où vous renvoyer : vous ne pouvez donc pas continuer. Retournez-y et réessayez.',
  badField: (name) => `${name} manque ou n’est pas autorisé`,
  badQuery: 'Un champ apparaît deux fois ou n’est pas en UTF-8',
  badForm: 'Impossible de lire ces données',
  badFormWords: 'Le formulaire n’est pas arrivé tel que cette page l’envoie. Revenez en arrière et réessayez.',
  foreignForm: 'Veuillez recommencer',
  foreignFormWords:
    'Ce formulaire est trop ancien ou ne vient pas de cette page dans ce navigateur. Il n’a donc pas été pris en compte.',
  startAgain: 'Recommencer',
  suspended: 'Fermé pour le moment',
  suspendedWords:
    'La connexion est suspendue ici. Votre compte est conservé. Revenez plus tard, ou adressez-vous aux responsables de ce service.',
  signUpClosed: 'Les inscriptions sont fermées',
  signUpClosedWords: 'Il n’est pas possible de créer un compte ici pour le moment.',
  tooManyTries: 'Trop de tentatives',
  tooManyTriesWords: (minutes) =>
    `Il y a eu trop de tentatives. Attendez ${minutes === 1 ? 'une minute' : `${minutes} minutes`}, puis réessayez.`,
  tooBusy: 'Trop de demandes en ce moment',
  tooBusyWords:
    'Il y a plus à faire en ce moment que ce qui peut être traité à la fois. Attendez un instant, puis réessayez.',
  failed: 'Une erreur s’est produite',
  failedWords:
    'C’est de notre faute, pas de la vôtre. Réessayez ; si cela se reproduit, prévenez la personne responsable de ce site.',
  request: (id) => `Demande ${id}`,
};
