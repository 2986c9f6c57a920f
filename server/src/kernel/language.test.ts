import assert from 'node:assert/strict';
import { pickLanguage } from './language.ts';

describe('language', () => {
  it('is the first wanted one that there is, whatever its region and case', () => {
    assert.equal(pickLanguage(['fr']), 'fr');
    assert.equal(pickLanguage(['it', 'de-AT', 'en']), 'de');
    assert.equal(pickLanguage([' DE ', 'fr']), 'de');
    assert.equal(pickLanguage(['fr-CA-x-private']), 'fr');
  });

  it('is none where none of ours is wanted', () => {
    for (const tags of [[], [''], ['it'], ['deu'], ['*'], ['__proto__'], ['de_AT']]) {
      assert.equal(pickLanguage(tags), undefined, JSON.stringify(tags));
    }
  });
});
