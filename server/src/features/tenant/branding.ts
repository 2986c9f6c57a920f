/** How the pages of a tenant look and where they link to. Empty means: as it comes. */
export type Branding = {
  /** `#rrggbb`. */
  readonly accentColor: string;
  /** A picture in base64. */
  readonly logo: string;
  readonly termsUrl: string;
  readonly privacyUrl: string;
  readonly supportUrl: string;
};

export const NO_BRANDING: Branding = { accentColor: '', logo: '', termsUrl: '', privacyUrl: '', supportUrl: '' };

/** The largest logo, in bytes. */
export const MAX_LOGO = 24_576;

export type PictureType = 'image/png' | 'image/jpeg' | 'image/webp';

/** What kind of picture it is by its first bytes; undefined for any other. Not SVG, which may hold scripts. */
export function pictureType(bytes: Uint8Array): PictureType | undefined {
  const head = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^RIFF[\s\S]{4}WEBP$/.test(head)) return 'image/webp';
  return undefined;
}

/** Whether a text is a link that a page may show: https, or a mail address where `mail` says so. */
export function isPageLink(text: string, mail: boolean): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.href.length > 2_048 || /[\s"'<>\\]/.test(text)) return false;
  if (mail && url.protocol === 'mailto:') return /^mailto:[^@?]+@[^@?]+$/.test(text);
  return url.protocol === 'https:' && url.username === '' && url.password === '';
}
