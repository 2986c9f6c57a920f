import type { Texts } from '../en.ts';

export const mail: Texts['mail'] = {
  signInByCode: 'Se connecter avec un code',
  signInByCodeWords: 'Nous envoyons un code à votre adresse e-mail. Aucun mot de passe n’est nécessaire.',
  byCode: 'M’envoyer plutôt un code',
  forgot: 'Mot de passe oublié ?',
  recover: 'Choisir un nouveau mot de passe',
  recoverWords: 'Nous envoyons un code et un lien à votre adresse e-mail.',
  send: 'Envoyer le message',
  back: 'Retour à la connexion',
  checkMail: 'Consultez votre messagerie',
  sent: (email) => `S’il existe un compte avec l’adresse ${email}, un message est en route. Il est valable 15 minutes.`,
  code: 'Code du message',
  newPassword: 'Nouveau mot de passe',
  setPassword: 'Définir le mot de passe',
  nothingCame: 'Rien reçu ?',
  again: 'Demander un autre message',
  codeRejected: 'Ce code n’a pas fonctionné. Vérifiez-le, ou demandez un autre message.',
  confirm: 'Confirmer votre adresse e-mail',
  confirmButton: 'Confirmer l’adresse',
  signInLink: (email) => `Vous vous connectez en tant que ${email}.`,
  resetLink: (email) =>
    `Choisissez un nouveau mot de passe pour le compte avec l’adresse ${email}. Tous les appareils seront déconnectés.`,
  verifyLink: (email) => `Avez-vous saisi l’adresse ${email} ? Ne la confirmez que si c’était vous.`,
  confirmed: 'L’adresse est confirmée',
  confirmedWords: 'Vous pouvez fermer cette page et continuer là d’où vous veniez.',
  changed: 'Le mot de passe a été modifié',
  changedWords:
    'Tous les appareils ont été déconnectés. Retournez là où vous avez commencé et connectez-vous avec le nouveau mot de passe.',
  elsewhere: 'Un autre navigateur l’a demandé',
  elsewhereWords:
    'Ce lien ne connecte que dans le navigateur où il a été demandé. Ouvrez-le là, ou saisissez-y le code du message.',
  linkOver: 'Ce lien ne fonctionne plus',
  linkOverWords:
    'Il a déjà été utilisé, il a plus de 15 minutes, ou un plus récent l’a remplacé. Demandez un autre message.',
  newAddress: 'Ajouter ou modifier une adresse e-mail',
  newAddressWords: 'Nous envoyons un code à l’adresse. Elle compte dès que vous l’avez saisi ici.',
  newEmail: 'Nouvelle adresse e-mail',
  others: 'Vos adresses actuelles',
  beside: 'Les garder',
  inPlaceOf: (address) => `Remplacer ${address} : vous êtes déconnecté partout ailleurs`,
  tooManyNames: (most) =>
    `Vous avez ${most} noms, et pas un de plus n’est possible. Mettez l’adresse à la place d’une autre, ou retirez-en d’abord une.`,
  addressCounts: 'Désormais, vous pouvez vous connecter avec elle.',
};
