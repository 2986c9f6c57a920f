import assert from 'node:assert/strict';
import { readCookie, transactionCookie } from './cookie.ts';

describe('cookies', () => {
  it('reads one of the exact name, and none where there are two', () => {
    assert.equal(readCookie('a=1; txn=abc; b=2', 'txn'), 'abc');
    assert.equal(readCookie('txn=a=b', 'txn'), 'a=b');
    for (const header of [undefined, '', 'xtxn=a', 'txn', 'TXN=a', 'txn=a; txn=b', 'txn=a;txn=a']) {
      assert.ok(!readCookie(header, 'txn'), header);
    }
  });

  it('is __Host- and Secure under https, plain on http', () => {
    const secure = transactionCookie('https://login.example.com');
    assert.equal(secure.give('v'), '__Host-trust_txn=v; Max-Age=1800; Path=/; Secure; HttpOnly; SameSite=Lax');
    assert.equal(secure.take, '__Host-trust_txn=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax');
    const plain = transactionCookie('http://127.0.0.1:8080');
    assert.equal(plain.give('v'), 'trust_txn=v; Max-Age=1800; Path=/; HttpOnly; SameSite=Lax');
  });
});
