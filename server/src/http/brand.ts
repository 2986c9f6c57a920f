import { createHash } from 'node:crypto';
import { type Branding, NO_BRANDING, pictureType } from '../features/tenant/branding.ts';
import { DEFAULT_SETTINGS, type TenantSettings } from '../features/tenant/tenant.ts';
import { type Palette, palette } from '../kernel/palette.ts';
import type { Asset } from './assets.ts';
import type { BrandView } from './views/layout.ts';

/** A tenant's looks: what pages show, and the files that they load for it. */
export type Brand = BrandView & { readonly files: readonly Asset[] };

/** The brand of settings; that of the last ones is kept, since settings seldom change. */
export function brandReader(): (settings: Pick<TenantSettings, 'displayName' | 'branding'>) => Brand {
  let last: { readonly key: string; readonly brand: Brand } | undefined;
  return ({ displayName, branding }) => {
    const key = JSON.stringify([displayName, branding]);
    if (last?.key !== key) last = { key, brand: brandOf(displayName, branding) };
    return last.brand;
  };
}

/** What is shown while the settings cannot be read. */
export const STANDARD: Brand = brandOf(DEFAULT_SETTINGS.displayName, NO_BRANDING);

function brandOf(name: string, { accentColor, logo, termsUrl, privacyUrl, supportUrl }: Branding): Brand {
  const bytes = Buffer.from(logo, 'base64');
  const type = pictureType(bytes);
  const picture = type === undefined ? undefined : file('logo', type.replace('image/', ''), type, bytes);
  const style = accentColor === '' ? undefined : file('brand', 'css', 'text/css; charset=utf-8', css(accentColor));
  return {
    name,
    logoUrl: picture?.url,
    styleUrl: style?.url,
    links: { terms: termsUrl, privacy: privacyUrl, support: supportUrl },
    files: [picture, style].filter((each) => each !== undefined),
  };
}

function file(stem: string, extension: string, type: string, content: string | Uint8Array<ArrayBuffer>): Asset {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  return { url: `/assets/${stem}-${hash}.${extension}`, type, content };
}

// A style sheet of its own, since the policy of the pages allows no style inside of them.
function css(accent: string): string {
  const rules = ({ accent, accentDeep, onAccent, link, glow }: Palette) =>
    `:root{--accent:${accent};--accent-deep:${accentDeep};--on-accent:${onAccent};--link:${link};--ring:${link};--glow:${glow}}`;
  const [light, dark] = [palette(accent, 'light'), palette(accent, 'dark')];
  return `${rules(light)}\n@media (prefers-color-scheme:dark){${rules(dark)}}\n`;
}
