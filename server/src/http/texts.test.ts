import assert from 'node:assert/strict';
import { TEXTS } from './texts.ts';

/** Every text of a catalogue by its path; those that take a value, with 0, 1 and 2. */
function flat(node: unknown, path = ''): Map<string, string> {
  if (typeof node === 'string') return new Map([[path, node]]);
  if (typeof node === 'function') {
    return new Map([0, 1, 2].map((value) => [`${path}(${value})`, String(node(value, value, value))]));
  }
  return new Map(Object.entries(node as object).flatMap(([key, value]) => [...flat(value, `${path}.${key}`)]));
}

/** Words that are the same in both languages. */
const SAME: Readonly<Record<'de' | 'fr', readonly string[]>> = {
  de: ['.signIn.name', '.secondStep.code', '.secondStep.codes', '.secondStep.passkey'],
  fr: ['.account.sessions', '.secondStep.code', '.secondStep.codes'],
};

describe('texts of the pages', () => {
  const english = flat(TEXTS.en);

  it('each catalogue has the texts of the English one and no other', () => {
    for (const texts of Object.values(TEXTS)) assert.deepEqual([...flat(texts).keys()], [...english.keys()]);
  });

  for (const language of ['de', 'fr'] as const) {
    it(`nothing is left in English in ${language}`, () => {
      const same = [...flat(TEXTS[language])].flatMap(([path, text]) => (english.get(path) === text ? [path] : []));
      assert.deepEqual(same.toSorted(), SAME[language].toSorted());
    });
  }

  it('texts are sentences of people: no markup, no loose space, typographic apostrophes in French', () => {
    for (const [language, texts] of Object.entries(TEXTS)) {
      for (const [path, text] of flat(texts)) {
        assert.doesNotMatch(text, /[<>&]|^\s|\s$| {2}|undefined|NaN/, `${language}${path}`);
        if (language === 'fr') assert.doesNotMatch(text, /'|[^\u00a0\u202f][?!;:](\s|$)/, `${path}: ${text}`);
      }
    }
  });
});
