import { button, moment } from '../layout.ts';
import type { DeviceValues, Dictionary } from '../templates.ts';

/** When, and from where. */
const placed = ({ browser, system, address, place, at }: DeviceValues): string => {
  const device = browser && system ? `${browser} unter ${system}` : browser || system;
  return [device, address && `Adresse ${address}${place ? ` (${place})` : ''}`, moment(at, 'de')]
    .filter(Boolean)
    .join(', ');
};

const NOT_YOU = {
  password:
    'Waren Sie das, ist nichts zu tun. Waren Sie es nicht, wählen Sie sofort ein neues Passwort („Passwort vergessen?“ bei der Anmeldung), und schreiben Sie den Betreibern der Website.',
  account:
    'Waren Sie das, ist nichts zu tun. Waren Sie es nicht, ändern Sie sofort Ihr Passwort, melden Sie sich überall ab, und schreiben Sie den Betreibern der Website.',
};
const FACTORS = { totp: 'Eine Authenticator-App', passkey: 'Ein Passkey' };

export const de: Dictionary = {
  help: 'Hilfe',
  sentBy: (name) => `Diese E-Mail kommt von ${name}, weil diese Adresse dort eingegeben wurde.`,
  password_changed: (at, name) => ({
    subject: 'Ihr Passwort wurde geändert',
    lead: [
      `Das Passwort Ihres Kontos bei ${name} wurde soeben geändert, und alle anderen Geräte wurden abgemeldet:`,
      placed(at),
    ],
    after: [NOT_YOU.password],
  }),
  identifier_changed: (at, name) => ({
    subject: 'Womit Sie sich anmelden, wurde geändert',
    lead: [
      `Eine E-Mail-Adresse oder ein Name Ihres Kontos bei ${name} wurde soeben hinzugefügt, geändert oder entfernt:`,
      placed(at),
    ],
    after: [NOT_YOU.account],
  }),
  factor_added: ({ factor = 'totp', ...at }, name) => ({
    subject: `${FACTORS[factor]} wurde Ihrem Konto hinzugefügt`,
    lead: [`${FACTORS[factor]} wurde soeben Ihrem Konto bei ${name} für die Anmeldung hinzugefügt:`, placed(at)],
    after: [NOT_YOU.account],
  }),
  factor_removed: ({ factor = 'totp', ...at }, name) => ({
    subject: `${FACTORS[factor]} wurde von Ihrem Konto entfernt`,
    lead: [`${FACTORS[factor]} wurde soeben von Ihrem Konto bei ${name} entfernt:`, placed(at)],
    after: [NOT_YOU.account],
  }),
  recovery_codes_made: (at, name) => ({
    subject: 'Ihre Wiederherstellungscodes wurden ersetzt',
    lead: [
      `Für Ihr Konto bei ${name} wurden soeben neue Wiederherstellungscodes erstellt. Die alten gelten nicht mehr:`,
      placed(at),
    ],
    after: [NOT_YOU.account],
  }),
  account_linked: ({ provider = '', ...at }, name) => ({
    subject: `Ihr Konto wurde mit ${provider} verbunden`,
    lead: [`Ein Konto bei ${provider} kann sich ab jetzt bei Ihrem Konto bei ${name} anmelden:`, placed(at)],
    after: [NOT_YOU.account],
  }),
  account_unlinked: ({ provider = '', ...at }, name) => ({
    subject: `Ihr Konto wurde von ${provider} getrennt`,
    lead: [`Ein Konto bei ${provider} kann sich nicht mehr bei Ihrem Konto bei ${name} anmelden:`, placed(at)],
    after: [NOT_YOU.account],
  }),
  new_device: (at, name) => ({
    subject: 'Anmeldung von einem neuen Gerät',
    lead: [
      `Jemand hat sich bei Ihrem Konto bei ${name} von einem Gerät oder Ort aus angemeldet, der dafür noch nicht benutzt wurde:`,
      placed(at),
    ],
    after: [
      'Waren Sie das, ist nichts zu tun. Wenn nicht, ändern Sie sofort Ihr Passwort und melden Sie sich überall ab.',
    ],
  }),
  sign_in_attempts: ({ what, ...at }, name) => ({
    subject:
      what === 'throttled'
        ? 'Viele Versuche, sich bei Ihrem Konto anzumelden'
        : 'Jemand ist an Ihrem zweiten Schritt gescheitert',
    lead: [
      what === 'throttled'
        ? `Jemand hat so oft versucht, sich bei Ihrem Konto bei ${name} anzumelden, dass die Anmeldung eine Weile aufgehalten wird. Der bisher letzte Versuch:`
        : `Jemand hat den ersten Schritt der Anmeldung bei Ihrem Konto bei ${name} bestanden und ist am zweiten mehrmals gescheitert. Der bisher letzte Versuch:`,
      placed(at),
    ],
    after: [
      what === 'throttled'
        ? 'Waren Sie das, warten Sie ein wenig, oder wählen Sie ein neues Passwort. Waren Sie es nicht: Durch diese Versuche kam niemand hinein. Wählen Sie ein anderes Passwort, falls Ihres kurz ist oder auch anderswo benutzt wird.'
        : 'Waren Sie das, ist nichts zu tun. Waren Sie es nicht: Niemand kam hinein, aber jemand kennt Ihr Passwort oder liest Ihre E-Mails. Ändern Sie sofort Ihr Passwort, und melden Sie sich überall ab.',
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
