import assert from 'node:assert/strict';
import { certificateNames } from './certificate.ts';

describe('names of a client certificate', () => {
  const cases: [string, string | undefined, string[]][] = [
    ['none', undefined, []],
    ['empty', '', []],
    ['a SPIFFE ID', 'URI:spiffe://example.org/shop', ['spiffe://example.org/shop']],
    ['DNS names in lower case', 'DNS:Shop.Example.com, DNS:b', ['shop.example.com', 'b']],
    ['both, beside others', 'IP Address:127.0.0.1, DNS:a, email:x@y, URI:spiffe://t/a', ['spiffe://t/a', 'a']],
    ['two URIs: no SVID', 'URI:spiffe://t/a, URI:spiffe://t/b, DNS:a', ['a']],
    ['a SPIFFE ID beside another URI: no SVID', 'URI:https://a, URI:spiffe://t/b', []],
    ['a URI that is no SPIFFE ID', 'URI:https://example.org/shop', []],
    ['a quoted name that plays two', 'DNS:"a\\", DNS:admin", DNS:b', ['b']],
    ['a quoted URI', 'URI:"spiffe://t/a, DNS:admin"', []],
    ['a quote that does not end', 'DNS:b, DNS:"admin', []],
    ['a wildcard', 'DNS:*.example.com', []],
    ['unreadable text', 'DNS:a,DNS:b', []],
  ];
  for (const [name, text, names] of cases) it(`reads ${name}`, () => assert.deepEqual(certificateNames(text), names));
});
