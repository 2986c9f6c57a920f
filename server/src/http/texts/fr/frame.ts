import type { Texts } from '../en.ts';

export const frame: Texts['frame'] = {
  secured: 'Sécurisé par Trust Layer.',
  noScripts: 'Cette page n’exécute aucun script.',
  passkeyScript: 'Le seul script de cette page sert aux clés d’accès.',
  workScript: 'Le seul script de cette page tient à distance les vagues de robots.',
  bothScripts: 'Les scripts de cette page servent aux clés d’accès et tiennent à distance les vagues de robots.',
  languages: 'Langue',
  terms: 'Conditions',
  privacy: 'Confidentialité',
  support: 'Aide',
  optional: 'facultatif',
  toContinueTo: 'pour continuer vers',
  home: 'Accueil',
  nothingHere: 'Il n’y a rien à faire ici',
  signsInForOthers:
    'Ce serveur connecte les personnes à d’autres sites. Retournez sur celui que vous voulez utiliser : il vous amènera ici quand il le faudra.',
  outbox: 'Boîte d’envoi',
  outboxWords:
    'E-mails de ce serveur de développement. Ils ne sont envoyés nulle part, et personne d’autre ne voit cette page. La même chose dans un terminal :',
  noMail: 'Aucun e-mail n’attend.',
  mailTo: 'à',
  asHtml: 'En HTML',
  running: 'Le Trust Layer fonctionne',
  giveItAnApp:
    'Donnez-lui une application. Dans un autre terminal, lancez un des modèles et ouvrez l’adresse qu’il affiche :',
  sdksRead: 'Ce que les SDK lisent sous',
};
