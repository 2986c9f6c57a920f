/** The languages that people are spoken to in; the first is that of those who ask for none of them. */
export const LANGUAGES = ['en', 'de', 'fr'] as const;

export type Language = (typeof LANGUAGES)[number];

/** The first of the wanted tags (BCP 47, dearest first) that is a language of ours, whatever its region: `de-AT` is `de`. */
export function pickLanguage(wanted: readonly string[]): Language | undefined {
  for (const tag of wanted) {
    const primary = tag.trim().split('-')[0]?.toLowerCase();
    const found = LANGUAGES.find((language) => language === primary);
    if (found !== undefined) return found;
  }
  return undefined;
}
