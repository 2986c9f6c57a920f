import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLACES_FILE } from '../../../test/support/places.ts';
import { MAX_PLACES_FILE, openPlaces } from './mmdb.ts';

describe('places of addresses', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trust_places_'));
  after(() => rmSync(folder, { recursive: true }));

  it('are named in the language of the person, or in English; of a country where no city is known', () => {
    const name = openPlaces(PLACES_FILE);
    assert.deepEqual(
      (['en', 'de', 'fr'] as const).map((language) => name('203.0.113.7', language)),
      ['Vienna, Austria', 'Wien, Österreich', 'Vienne, Autriche'],
    );
    assert.equal(name('::ffff:203.0.113.7', 'en'), 'Vienna, Austria');
    assert.equal(name('198.51.100.9', 'fr'), 'Suisse');
    assert.equal(name('2001:db8:1::5', 'de'), 'Oslo, Norway');
  });

  it('are nothing for an address that the file does not have, or that is none', () => {
    const name = openPlaces(PLACES_FILE);
    for (const address of ['8.8.8.8', '2001:db8:2::1', '192.0.2.200', 'localhost', '', 'x'.repeat(64)])
      assert.equal(name(address, 'en'), '', address);
  });

  it('a file that is none, too large or not there stops the start, and is named', () => {
    const file = (name: string, content: string) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const large = file('large.mmdb', '');
    truncateSync(large, MAX_PLACES_FILE + 1);
    for (const path of [file('empty.mmdb', ''), file('text.mmdb', 'a,b,c\n'), large, join(folder, 'missing.mmdb')])
      assert.throws(() => openPlaces(path), new RegExp(`^Error: TRUST_PLACES_FILE: ${path} is no MaxMind DB file`));
  });
});
