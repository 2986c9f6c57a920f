import { button, moment } from '../layout.ts';
import type { Dictionary } from '../templates.ts';

export const de: Dictionary = {
  help: 'Hilfe',
  sentBy: (name) => `Diese E-Mail kommt von ${name}, weil diese Adresse dort eingegeben wurde.`,
  password_changed: (_, name) => ({
    subject: 'Ihr Passwort wurde geändert',
    lead: [`Das Passwort Ihres Kontos bei ${name} wurde eben geändert, und alle anderen Geräte wurden abgemeldet.`],
    after: ['Waren Sie das, ist nichts zu tun. Wenn nicht, schreiben Sie sofort an die Betreiber der Seite.'],
  }),
  email_changed: (_, name) => ({
    subject: 'Ihr Konto hat eine andere E-Mail-Adresse',
    lead: [`Eine E-Mail-Adresse Ihres Kontos bei ${name} wurde eben hinzugefügt oder geändert.`],
    after: ['Waren Sie das, ist nichts zu tun. Wenn nicht, schreiben Sie sofort an die Betreiber der Seite.'],
  }),
  new_device: ({ browser, system, address, at }, name) => ({
    subject: 'Anmeldung von einem neuen Gerät',
    lead: [
      `Jemand hat sich bei Ihrem Konto bei ${name} von einem Gerät oder Ort aus angemeldet, der dafür noch nicht benutzt wurde:`,
      `${browser && system ? `${browser} unter ${system}` : browser || system}${address === '' ? '' : `, Adresse ${address}`}, ${moment(at, 'de')}`,
    ],
    after: [
      'Waren Sie das, ist nichts zu tun. Wenn nicht, ändern Sie sofort Ihr Passwort und melden Sie sich überall ab.',
    ],
  }),
  sign_in_code: ({ code, link, minutes }, name) => ({
    subject: 'Ihr Code zur Anmeldung',
    lead: [`Jemand, hoffentlich Sie, möchte sich mit dieser Adresse bei ${name} anmelden. Der Code ist:`],
    code,
    ...button('Anmelden', link),
    after: [
      `Er gilt einmal, ${minutes} Minuten lang, und dort, wo er angefordert wurde. Sagen Sie ihn niemandem, wer immer fragt.`,
      'Waren Sie das nicht, ist nichts zu tun: Ohne ihn kommt niemand hinein.',
    ],
  }),
  reset_password: ({ code, link, minutes }, name) => ({
    subject: 'Wählen Sie ein neues Passwort',
    lead: [`Jemand, hoffentlich Sie, möchte ein neues Passwort für Ihr Konto bei ${name}. Der Code ist:`],
    code,
    ...button('Neues Passwort wählen', link),
    after: [
      `Code und Link gelten einmal, ${minutes} Minuten lang. Sagen Sie sie niemandem, wer immer fragt.`,
      'Waren Sie das nicht, ist nichts zu tun: Ihr Passwort bleibt, wie es ist.',
    ],
  }),
  verify_email: ({ code, link, minutes }, name) => ({
    subject: 'Ist das Ihre E-Mail-Adresse?',
    lead: [`Diese Adresse wurde bei ${name} eingegeben. Waren Sie das, bestätigen Sie sie. Der Code ist:`],
    code,
    ...button('Adresse bestätigen', link),
    after: [
      `Code und Link gelten einmal, ${minutes} Minuten lang.`,
      'Waren Sie das nicht, tun Sie nichts und bestätigen Sie nichts: Sonst hätte jemand anderes ein Konto auf Ihren Namen.',
    ],
  }),
  invitation: ({ organisation, inviter, link, count, unit }, name) => ({
    subject: `Einladung zu ${organisation}`,
    lead: [
      `${inviter === '' ? 'Sie sind eingeladen' : `${inviter} lädt Sie ein`}, sich ${organisation} bei ${name} anzuschließen.`,
    ],
    ...button('Einladung ansehen', link),
    after: [
      `Sie gilt für diese Adresse allein und funktioniert einmal, innerhalb von ${count} ${unit === 'days' ? 'Tagen' : count === 1 ? 'Stunde' : 'Stunden'}.`,
      'Wenn Sie nichts davon wissen, tun Sie nichts: Ohne den Link wird niemand Mitglied.',
    ],
  }),
};
