/** Colours that follow from one accent, for one scheme. */
export type Palette = {
  /** Behind the words of a button, and the words. */
  readonly accent: string;
  readonly accentDeep: string;
  readonly onAccent: string;
  /** Of links, marks and the ring of focus, on the page or the card. */
  readonly link: string;
  /** A breath of it behind the card. */
  readonly glow: string;
};

type Rgb = readonly [number, number, number];

const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];

/** What links stand on: the palest and the darkest of `style.css` that their colour must be seen on. */
export const GROUNDS = { light: ['#ffffff', '#eef4f3'], dark: ['#121c1b', '#0a1211'] } as const;

/** The least contrast of words (WCAG 2.2, 1.4.3). */
export const MIN_CONTRAST = 4.5;

/** Whatever the accent: words on it are black or white, whichever is seen better; links are it, darker or paler until they are seen. */
export function palette(accent: string, scheme: 'light' | 'dark'): Palette {
  const colour = rgb(accent);
  const onAccent = contrast(colour, WHITE) >= MIN_CONTRAST ? WHITE : best(colour);
  const towards = scheme === 'light' ? BLACK : WHITE;
  const grounds = GROUNDS[scheme].map(rgb);
  let link = colour;
  for (let step = 1; step <= 40 && grounds.some((ground) => contrast(link, ground) < MIN_CONTRAST + 0.1); step++) {
    link = mix(colour, towards, step / 40);
  }
  // Under the pointer the words stay as well to be seen: away from their own colour.
  const deep = mix(colour, onAccent === WHITE ? BLACK : WHITE, 0.18);
  const glow = mix(rgb(GROUNDS[scheme][1]), colour, scheme === 'light' ? 0.14 : 0.2);
  return { glow: hex(glow), accent: hex(colour), accentDeep: hex(deep), onAccent: hex(onAccent), link: hex(link) };
}

/** Contrast of two colours `#rrggbb`, 1 to 21 (WCAG 2.2). */
export const contrastOf = (one: string, other: string) => contrast(rgb(one), rgb(other));

const best = (ground: Rgb) => (contrast(ground, WHITE) >= contrast(ground, BLACK) ? WHITE : BLACK);

function contrast(one: Rgb, other: Rgb): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: Rgb): number {
  const [red = 0, green = 0, blue = 0] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const mix = (from: Rgb, to: Rgb, share: number): Rgb =>
  from.map((value, at) => Math.round(value + ((to[at] ?? 0) - value) * share)) as unknown as Rgb;

const rgb = (text: string): Rgb => [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16)) as unknown as Rgb;

const hex = (colour: Rgb) => `#${colour.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
