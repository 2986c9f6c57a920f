import assert from 'node:assert/strict';
import * as common from '@zxcvbn-ts/language-common';
import { fakeStrength } from '../../../../test/support/password_world.ts';
import { reason } from '../../../../test/support/world.ts';
import {
  holdsIdentifier,
  type PasswordStrength,
  passwordStrength,
  refuseOverlong,
  refuseUnfit,
  wordsOfTenant,
} from './password_rules.ts';

const ada = [{ type: 'email', value: 'ada.l@example.com' }] as const;

describe('password rules', () => {
  it('PWD-1 at least 8 characters, of whatever kind, and at most 1,024 bytes of UTF-8', async () => {
    const fits = (password: string) => refuseUnfit(fakeStrength, password, ada, []);
    for (const password of ['1234567', 'éé€', 'ééééééé', '😀😀😀😀', '', 'x'.repeat(1_025), '€'.repeat(342)]) {
      await assert.rejects(fits(password), reason('INVALID_FIELD', 'password'));
    }
    for (const password of ['x'.repeat(8), 'éééééééé', '😀'.repeat(8), 'x'.repeat(1_024), '€'.repeat(341)])
      await fits(password);
    assert.throws(() => refuseOverlong('x'.repeat(1_025)), reason('INVALID_FIELD', 'password'));
    refuseOverlong('x');
  });

  it('PWD-5 holds the identifier, its local part or its digits, in any case', () => {
    for (const password of ['ada.l@example.com', 'xxADA.L@EXAMPLE.COMxx', 'my-Ada.L-password']) {
      assert.ok(holdsIdentifier(password, ada), password);
    }
    assert.ok(!holdsIdentifier('example.com-otter', ada));
    assert.ok(holdsIdentifier('bob-and-alice', [{ type: 'username', value: 'bob' }]));
    assert.ok(holdsIdentifier('call 491511234567', [{ type: 'phone', value: '+491511234567' }]));
    const short = [{ type: 'email', value: 'jo@example.com' }] as const;
    assert.ok(!holdsIdentifier('major otter violet', short), 'two characters are in too many words');
    assert.ok(holdsIdentifier('jo@example.com-otter', short));
    const several = [...ada, { type: 'username', value: 'countess' }] as const;
    assert.ok(holdsIdentifier('COUNTESS-of-lovelace', several));
  });

  describe('strength', () => {
    let strength: PasswordStrength;
    before(() => {
      strength = passwordStrength();
    });
    after(() => strength.close());

    it('PWD-5 refuses common and easily guessed passwords with WEAK_PASSWORD naming the field', async () => {
      const weak = [
        'password',
        'PassWord1',
        'P@ssw0rd!!',
        'iloveyou2',
        'qwertyuiop',
        '12345678',
        'sunshine2024',
        'aaaaaaaaaaaa',
      ];
      for (const password of [...weak, 'x'.repeat(64), 'aB3$'.repeat(16), '19891989']) {
        await assert.rejects(refuseUnfit(strength, password, ada, []), reason('WEAK_PASSWORD', 'password'), password);
      }
    });

    it('PWD-5 refuses each of the 3,000 most common passwords that is long enough', async () => {
      const long = common.dictionary['passwords-common']
        .slice(0, 3_000)
        .map(String)
        .filter((one) => one.length >= 8);
      assert.ok(long.length > 300, `${long.length}`);
      for (const password of long) assert.ok(await strength.isWeak(password, []), password);
    });

    it('PWD-5 takes phrases and random passwords', async () => {
      for (const password of [
        'correct horse battery staple',
        'purple-Otter-42',
        'tz7Kq2mW',
        'Grüße-aus-Ölbronn',
        '馬電池正解馬電池正解馬',
      ]) {
        await refuseUnfit(strength, password, ada, []);
      }
    });

    it('PWD-5 counts what is known of the owner as easily guessed, also in disguise', async () => {
      assert.equal(await strength.isWeak('4da.l3xampl3', []), false);
      assert.equal(await strength.isWeak('4da.l3xampl3', ['ada.lexample']), true);
      assert.equal(await strength.isWeak('l0velace99x', ['lovelace']), true);
    });

    it('PWD-5 counts the name of the tenant and those in the addresses of its apps as easily guessed', async () => {
      const returnTo = ['https://kassenwart.nordlicht-verein.example/cb', 'http://localhost/cb', 'http://127.0.0.1/cb'];
      const words = wordsOfTenant({ displayName: 'Turn  Verein Süd', returnTo });
      assert.deepEqual(words, ['turnvereinsüd', 'turn', 'verein', 'süd', 'kassenwart', 'nordlicht-verein']);
      for (const password of ['kassenwart7', 'K4ssenw4rt', 'TurnVereinSüd1']) {
        await refuseUnfit(strength, password, ada, []);
        await assert.rejects(
          refuseUnfit(strength, password, ada, words),
          reason('WEAK_PASSWORD', 'password'),
          password,
        );
      }
    });

    it('PWD-5 answers the worst inputs quickly and keeps the event loop free', async () => {
      const worst = [
        '4@8({[</369&#!1/|0$5+7%2'.repeat(40),
        'password'.repeat(128),
        '1234567890'.repeat(100),
        '@'.repeat(1_000),
      ];
      let longest = 0;
      let last = performance.now();
      const pulse = setInterval(() => {
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }, 5);
      const begun = performance.now();
      await Promise.all(worst.map((password) => strength.isWeak(password, ['ada'])));
      clearInterval(pulse);
      assert.ok(performance.now() - begun < 4_000, 'all four within 4 s');
      assert.ok(longest < 500, `the loop stood still for ${longest} ms`);
    });

    it('PWD-4 refuses more than 64 waiting questions with HASHING_BUSY', async () => {
      const answers = await Promise.allSettled(Array.from({ length: 70 }, () => strength.isWeak('password', [])));
      const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
      assert.equal(refused.length, 6);
      assert.ok(refused.every(reason('HASHING_BUSY')));
    });

    it('a closed judge fails its questions, which is no yes, and starts anew with the next', async () => {
      await Promise.all([assert.rejects(strength.isWeak('password', [])), strength.close()]);
      assert.equal(await strength.isWeak('password', []), true);
    });
  });
});
