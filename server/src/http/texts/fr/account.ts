import type { Texts } from '../en.ts';

export const account: Texts['account'] = {
  account: 'Compte',
  security: 'Sécurité',
  sessions: 'Sessions',
  activity: 'Activité',
  save: 'Enregistrer',
  profileSaved: 'Votre nom a été enregistré.',
  addresses: 'Les noms avec lesquels vous vous connectez',
  verified: 'confirmée',
  unverified: 'non confirmée',
  confirm: 'Confirmer',
  confirmNamed: (address) => `Confirmer ${address}`,
  lastAddress:
    'Cette adresse reste. Sans adresse confirmée, vous ne pourriez pas revenir si vous perdiez votre mot de passe : ajoutez-en d’abord une autre.',
  currentPassword: 'Mot de passe actuel',
  newPassword: 'Nouveau mot de passe',
  newPasswordHint: 'Au moins 8 caractères. Vous serez déconnecté partout ailleurs.',
  changePassword: 'Changer le mot de passe',
  passwordChanged: 'Votre mot de passe a été changé. Vous avez été déconnecté partout ailleurs.',
  wrongPassword: 'Ce n’est pas votre mot de passe actuel.',
  data: 'Vos données',
  dataWords:
    'Tout ce qui est conservé à votre sujet, en un seul fichier (JSON). Il ne contient ni mot de passe ni secret.',
  downloadData: 'Télécharger mes données',
  deleteTitle: 'Supprimer le compte',
  deleteWords: (days: number) =>
    `Vous serez immédiatement déconnecté partout. ${
      days === 0
        ? 'Votre compte et tout son contenu sont supprimés sur-le-champ, définitivement.'
        : `Votre compte et tout son contenu sont supprimés définitivement après ${days} ${days === 1 ? 'jour' : 'jours'}, sauf si vous vous connectez avant.`
    }`,
  deleteUnderstood: 'Je comprends ce qui est supprimé.',
  deleteNotUnderstood: 'Cochez d’abord la case : rien n’a été supprimé.',
  deleteAccount: 'Supprimer mon compte',
  deletedTitle: 'Au revoir',
  deletedNow: 'Votre compte a été supprimé.',
  deletedAt: (when: string) =>
    `Vous êtes déconnecté partout. Votre compte sera supprimé le ${when} UTC. Si vous changez d’avis, connectez-vous avant.`,
  sessionsWords:
    'Vous êtes connecté ici. Si vous ne reconnaissez pas une de ces sessions, fermez-la et changez votre mot de passe.',
  noSessions: 'Vous n’êtes connecté nulle part.',
  device: (browser, system) =>
    browser && system ? `${browser} sur ${system}` : browser || system || 'Appareil inconnu',
  thisBrowser: 'ressemble à ce navigateur',
  lastUsed: (when) => `dernière utilisation ${when} UTC`,
  signedIn: (when) => `connexion ${when} UTC`,
  signOut: 'Déconnecter',
  signOutHere: 'Se déconnecter',
  signedOutTitle: 'Vous êtes déconnecté',
  signedOutWords:
    'Vous avez quitté ces pages. Vous restez connecté dans vos applications : déconnectez-vous là-bas, ou ici sous « Sessions ».',
  signOutNamed: (device) => `Déconnecter ${device}`,
  signOutAll: 'Se déconnecter partout',
  older: 'Plus anciens',
  activityWords: 'Voici ce qui est arrivé à votre compte. Si ce n’était pas vous, changez votre mot de passe.',
  events: {
    'session.created': 'Connexion',
    'session.refused': 'Une session a été utilisée d’ailleurs, et refusée',
    'session.revoked': 'Déconnexion',
    'identity.sessions_revoked': 'Déconnexion partout',
    'identity.updated': 'Profil modifié',
    'identity.disabled': 'Compte désactivé',
    'identity.locked': 'Compte bloqué provisoirement',
    'identity.enabled': 'Compte réactivé',
    'identifier.added': 'Nom ou adresse ajouté',
    'identifier.removed': 'Nom ou adresse supprimé',
    'password.signed_up': 'Compte créé',
    'password.rejected': 'Connexion avec un mauvais mot de passe',
    'password.changed': 'Mot de passe changé',
    'factor.enrolled': 'Second moyen de preuve ajouté',
    'factor.removed': 'Second moyen de preuve supprimé',
    'factor.rejected': 'Second moyen de preuve refusé',
    'recovery_codes.made': 'Nouveaux codes de secours',
    'device.new': 'Connexion depuis un nouvel appareil',
    'device.remembered': 'Appareil mémorisé',
    'device.forgotten': 'Appareils mémorisés oubliés',
    'sign_in.suspicious': 'Tentatives de connexion suspectes',
    'sign_in.stepped_up': 'Confirmé par un second moyen de preuve',
  },
};
