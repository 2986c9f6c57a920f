import { button, moment } from '../layout.ts';
import type { DeviceValues, Dictionary } from '../templates.ts';

/** When, and from where. */
const placed = ({ browser, system, address, place, at }: DeviceValues): string => {
  const device = browser && system ? `${browser} sous ${system}` : browser || system;
  return [device, address && `adresse ${address}${place ? ` (${place})` : ''}`, moment(at, 'fr')]
    .filter(Boolean)
    .join(', ');
};

const NOT_YOU = {
  password:
    'Si c’était vous, vous n’avez rien à faire. Sinon, choisissez tout de suite un nouveau mot de passe (« Mot de passe oublié ? » sur la page de connexion) et écrivez aux responsables du site.',
  account:
    'Si c’était vous, vous n’avez rien à faire. Sinon, changez tout de suite votre mot de passe, déconnectez-vous partout et écrivez aux responsables du site.',
};
const FACTORS = { totp: 'Une application d’authentification', passkey: 'Une clé d’accès' };

export const fr: Dictionary = {
  help: 'Aide',
  sentBy: (name) => `Ce message a été envoyé par ${name}, car cette adresse y a été saisie.`,
  password_changed: (at, name) => ({
    subject: 'Votre mot de passe a été modifié',
    lead: [
      `Le mot de passe de votre compte chez ${name} vient d’être modifié et tous les autres appareils ont été déconnectés :`,
      placed(at),
    ],
    after: [NOT_YOU.password],
  }),
  identifier_changed: (at, name) => ({
    subject: 'Ce qui vous sert à vous connecter a été modifié',
    lead: [
      `Une adresse e-mail ou un nom de votre compte chez ${name} vient d’être ajouté, modifié ou supprimé :`,
      placed(at),
    ],
    after: [NOT_YOU.account],
  }),
  factor_added: ({ factor = 'totp', ...at }, name) => ({
    subject: `${FACTORS[factor]} a été ajoutée à votre compte`,
    lead: [`${FACTORS[factor]} vient d’être ajoutée à votre compte chez ${name} pour la connexion :`, placed(at)],
    after: [NOT_YOU.account],
  }),
  factor_removed: ({ factor = 'totp', ...at }, name) => ({
    subject: `${FACTORS[factor]} a été retirée de votre compte`,
    lead: [`${FACTORS[factor]} vient d’être retirée de votre compte chez ${name} :`, placed(at)],
    after: [NOT_YOU.account],
  }),
  recovery_codes_made: (at, name) => ({
    subject: 'Vos codes de secours ont été remplacés',
    lead: [
      `De nouveaux codes de secours viennent d’être créés pour votre compte chez ${name}. Les anciens ne fonctionnent plus :`,
      placed(at),
    ],
    after: [NOT_YOU.account],
  }),
  account_linked: ({ provider = '', ...at }, name) => ({
    subject: `Votre compte a été relié à ${provider}`,
    lead: [`Un compte ${provider} permet désormais de se connecter à votre compte chez ${name} :`, placed(at)],
    after: [NOT_YOU.account],
  }),
  account_unlinked: ({ provider = '', ...at }, name) => ({
    subject: `Votre compte n’est plus relié à ${provider}`,
    lead: [`Un compte ${provider} ne permet plus de se connecter à votre compte chez ${name} :`, placed(at)],
    after: [NOT_YOU.account],
  }),
  new_device: (at, name) => ({
    subject: 'Connexion depuis un nouvel appareil',
    lead: [
      `Quelqu’un s’est connecté à votre compte chez ${name} depuis un appareil ou un lieu qui n’avait pas encore été utilisé :`,
      placed(at),
    ],
    after: [
      'Si c’était vous, vous n’avez rien à faire. Sinon, changez tout de suite votre mot de passe et déconnectez-vous partout.',
    ],
  }),
  sign_in_attempts: ({ what, ...at }, name) => ({
    subject:
      what === 'throttled'
        ? 'De nombreuses tentatives de connexion à votre compte'
        : 'Quelqu’un a échoué à votre deuxième étape',
    lead: [
      what === 'throttled'
        ? `Quelqu’un a essayé si souvent de se connecter à votre compte chez ${name} que la connexion est ralentie pendant un moment. La dernière tentative à ce jour :`
        : `Quelqu’un a réussi la première étape de la connexion à votre compte chez ${name} et a échoué plusieurs fois à la deuxième. La dernière tentative à ce jour :`,
      placed(at),
    ],
    after: [
      what === 'throttled'
        ? 'Si c’était vous, attendez un peu ou choisissez un nouveau mot de passe. Sinon, personne n’est entré par ces tentatives. Choisissez un autre mot de passe si le vôtre est court ou sert aussi ailleurs.'
        : 'Si c’était vous, vous n’avez rien à faire. Sinon, personne n’est entré, mais quelqu’un connaît votre mot de passe ou lit vos e-mails : changez tout de suite votre mot de passe et déconnectez-vous partout.',
    ],
  }),
  sign_in_code: ({ code, link, minutes }, name) => ({
    subject: 'Votre code de connexion',
    lead: [`Quelqu’un, vous espérons-le, veut se connecter à ${name} avec cette adresse. Le code est :`],
    code,
    ...button('Se connecter', link),
    after: [
      `Il fonctionne une fois, pendant ${minutes} minutes, là où il a été demandé. Ne le donnez à personne, quoi qu’on vous dise.`,
      'Si ce n’était pas vous, ne faites rien : personne n’entre sans lui.',
    ],
  }),
  reset_password: ({ code, link, minutes }, name) => ({
    subject: 'Choisissez un nouveau mot de passe',
    lead: [`Quelqu’un, vous espérons-le, veut un nouveau mot de passe pour votre compte chez ${name}. Le code est :`],
    code,
    ...button('Choisir un nouveau mot de passe', link),
    after: [
      `Code et lien fonctionnent une fois, pendant ${minutes} minutes. Ne les donnez à personne, quoi qu’on vous dise.`,
      'Si ce n’était pas vous, ne faites rien : votre mot de passe reste le même.',
    ],
  }),
  verify_email: ({ code, link, minutes }, name) => ({
    subject: 'Est-ce votre adresse e-mail ?',
    lead: [`Cette adresse a été saisie chez ${name}. Si c’était vous, confirmez-la. Le code est :`],
    code,
    ...button('Confirmer l’adresse', link),
    after: [
      `Code et lien fonctionnent une fois, pendant ${minutes} minutes.`,
      'Si ce n’était pas vous, ne faites rien et ne confirmez rien : quelqu’un d’autre aurait un compte à votre nom.',
    ],
  }),
  invitation: ({ organisation, inviter, link, count, unit }, name) => ({
    subject: `Invitation à rejoindre ${organisation}`,
    lead: [
      `${inviter === '' ? 'Vous êtes invité' : `${inviter} vous invite`} à rejoindre ${organisation} sur ${name}.`,
    ],
    ...button('Voir l’invitation', link),
    after: [
      `Elle vaut pour cette seule adresse et fonctionne une fois, pendant ${count} ${unit === 'days' ? 'jours' : count === 1 ? 'heure' : 'heures'}.`,
      'Si vous ne l’attendiez pas, ne faites rien : sans le lien, personne ne devient membre.',
    ],
  }),
};
