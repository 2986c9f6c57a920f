import assert from 'node:assert/strict';
import fc from 'fast-check';
import { contrastOf, GROUNDS, MIN_CONTRAST, palette } from './palette.ts';

describe('palette', () => {
  it('contrast is that of WCAG', () => {
    assert.equal(contrastOf('#000000', '#ffffff'), 21);
    assert.equal(contrastOf('#777777', '#777777'), 1);
    assert.equal(contrastOf('#767676', '#ffffff').toFixed(2), '4.54');
    assert.equal(contrastOf('#ffffff', '#0000ff').toFixed(2), '8.59');
  });

  it('whatever the accent, words on it and links on the page are seen, in light and dark', () => {
    const colour = fc.integer({ min: 0, max: 0xff_ff_ff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);
    fc.assert(
      fc.property(colour, fc.constantFrom('light', 'dark'), (accent, scheme) => {
        const made = palette(accent, scheme);
        for (const ground of [made.accent, made.accentDeep]) {
          assert.ok(contrastOf(made.onAccent, ground) >= MIN_CONTRAST, `${accent} ${scheme} button`);
        }
        for (const ground of GROUNDS[scheme]) {
          assert.ok(contrastOf(made.link, ground) >= MIN_CONTRAST, `${accent} ${scheme} link`);
        }
        assert.equal(made.accent, accent);
      }),
      { numRuns: 2_000 },
    );
  });
});
