import type { Texts } from '../en.ts';

export const signIn: Texts['signIn'] = {
  signIn: 'Se connecter',
  identifier: 'E-mail ou nom d’utilisateur',
  password: 'Mot de passe',
  usePasskey: 'Utiliser une clé d’accès',
  newHere: 'Première visite ?',
  createAnAccount: 'Créer un compte',
  createYourAccount: 'Créer votre compte',
  email: 'Adresse e-mail',
  name: 'Nom',
  passwordHint: 'Au moins 8 caractères. Le mieux : trois ou quatre mots sans rapport entre eux.',
  createAccount: 'Créer le compte',
  haveAccount: 'Vous avez un compte ?',
  rejected: 'Cela n’a pas fonctionné. Vérifiez votre saisie et réessayez.',
  passkeyRejected: 'Cette clé d’accès n’a pas fonctionné ici. Réessayez, ou connectez-vous autrement.',
  badEmail: 'Saisissez une adresse e-mail valide.',
  badPassword: 'Utilisez un mot de passe de 8 à 1 024 caractères.',
  weakPassword: 'Ce mot de passe est trop facile à deviner. Choisissez-en un autre.',
  badName: 'Utilisez un nom plus court.',
  workAsked: (minutes: number) =>
    `Les connexions sont très nombreuses en ce moment : votre navigateur montre d’abord par un calcul qu’il n’est pas un robot. Envoyez ceci encore une fois. Sans scripts, réessayez dans ${minutes === 1 ? 'une minute' : `${minutes} minutes`}.`,
  workGoesOn: 'Un instant : votre navigateur calcule encore.',
  workNeedsScript:
    'Les connexions sont très nombreuses en ce moment. Autorisez les scripts ici, pour que votre navigateur montre qu’il n’est pas un robot, ou réessayez quelques minutes plus tard.',
};
