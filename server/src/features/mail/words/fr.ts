import { button, moment } from '../layout.ts';
import type { Dictionary } from '../templates.ts';

export const fr: Dictionary = {
  help: 'Aide',
  sentBy: (name) => `Ce message a été envoyé par ${name}, car cette adresse y a été saisie.`,
  password_changed: (_, name) => ({
    subject: 'Votre mot de passe a été modifié',
    lead: [
      `Le mot de passe de votre compte chez ${name} vient d’être modifié et tous les autres appareils ont été déconnectés.`,
    ],
    after: ['Si c’était vous, vous n’avez rien à faire. Sinon, écrivez tout de suite aux responsables du site.'],
  }),
  email_changed: (_, name) => ({
    subject: 'Votre compte a une autre adresse e-mail',
    lead: [`Une adresse e-mail de votre compte chez ${name} vient d’être ajoutée ou modifiée.`],
    after: ['Si c’était vous, vous n’avez rien à faire. Sinon, écrivez tout de suite aux responsables du site.'],
  }),
  new_device: ({ browser, system, address, at }, name) => ({
    subject: 'Connexion depuis un nouvel appareil',
    lead: [
      `Quelqu’un s’est connecté à votre compte chez ${name} depuis un appareil ou un lieu qui n’avait pas encore été utilisé :`,
      `${browser && system ? `${browser} sous ${system}` : browser || system}${address === '' ? '' : `, adresse ${address}`}, ${moment(at, 'fr')}`,
    ],
    after: [
      'Si c’était vous, vous n’avez rien à faire. Sinon, changez tout de suite votre mot de passe et déconnectez-vous partout.',
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
