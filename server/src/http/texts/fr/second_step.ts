import type { Texts } from '../en.ts';

export const secondStep: Texts['secondStep'] = {
  confirm: 'Confirmez que c’est bien vous',
  code: 'Code',
  codeHint: 'Les 6 chiffres qu’affiche votre application d’authentification.',
  recoveryCode: 'Code de secours',
  recoveryHint: 'Chacun ne sert qu’une fois.',
  remember: (days) => `Ne plus demander sur cet appareil pendant ${days === 1 ? 'un jour' : `${days} jours`}`,
  usePasskey: 'Utiliser votre clé d’accès',
  or: 'ou',
  passkeysNeedScript: 'Les clés d’accès ont besoin de JavaScript. Activez-le, ou utilisez un code de secours.',
  passkeysNeedName:
    'Les clés d’accès ne sont pas proposées ici : elles ont besoin d’un nom de site, et cette adresse est un nombre. La personne responsable du site peut lui en donner un.',
  goOn: 'Continuer',
  goBack: 'Retour',
  lostIt: 'Vous ne l’avez pas ?',
  useRecoveryCode: 'Utiliser un code de secours',
  codeRejected: 'Ce code n’a pas fonctionné. Attendez-en un nouveau et réessayez.',
  passkeyRejected: 'Cette clé d’accès n’a pas fonctionné ici. Réessayez.',
  passkeyUnused: 'La clé d’accès n’a pas été utilisée. Réessayez, ou continuez autrement.',
  protect: 'Protégez votre compte',
  protectWords:
    'Votre compte a besoin d’un second moyen de prouver que c’est bien vous. Choisissez-en un ; cela prend une minute.',
  useApp: 'Utiliser une application d’authentification',
  scan: 'Ouvrez une application d’authentification et scannez ce code.',
  cannotScan: 'Impossible de le scanner ?',
  typeKey: 'Saisissez cette clé dans l’application :',
  typeDigits: 'Saisissez les 6 chiffres qu’elle affiche.',
  turnOn: 'Activer',
  createPasskey: 'Créer une clé d’accès',
  anotherPasskey: 'Ajouter une autre clé d’accès',
  security: 'Sécurité',
  noFactor: 'Ajoutez un second moyen de prouver que c’est bien vous, en plus de votre connexion.',
  besideSignIn: 'Voici ce qui prouve que c’est bien vous, en plus de votre connexion.',
  app: 'Application d’authentification',
  passkey: 'Clé d’accès',
  codes: 'Codes',
  since: (date) => `depuis le ${date}`,
  remove: 'Supprimer',
  removeNamed: (label) => `Supprimer ${label}`,
  addApp: 'Ajouter une application d’authentification',
  codesLeft: (count) =>
    count === 0
      ? 'Il ne reste aucun code de secours.'
      : `Il reste ${count === 1 ? 'un code' : `${count} codes`} de secours.`,
  newCodes: 'Créer de nouveaux codes de secours',
  forgetDevices: 'Oublier les appareils mémorisés',
  done: 'Terminé',
  yourCodes: 'Vos codes de secours',
  keepCodes:
    'Gardez-les en lieu sûr, par exemple dans votre gestionnaire de mots de passe. Chacun vous permet d’entrer une fois si vous perdez votre appareil. Ils ne seront plus affichés.',
  savedCodes: 'Je les ai enregistrés',
};
