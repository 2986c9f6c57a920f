// trust_tokens.json: the accepted tokens, then the hostile ones class by class.

import { encodings, forms, signatures, sizes } from './hostile_form.ts';
import { algorithms, injections, kids, members, types } from './hostile_header.ts';
import { headerJson, headerOrder } from './hostile_header_text.ts';
import { organisations } from './hostile_organisation.ts';
import { optional, payloadJson, payloadOrder, required, times, values } from './hostile_payload.ts';
import { jwks } from './keys.ts';
import { SETTINGS, type Settings, type Vector } from './token.ts';
import { otherSettings, valid } from './valid.ts';

export interface TrustTokens {
  readonly jwks: { readonly keys: readonly object[] };
  readonly groups: readonly { readonly verifier: Settings; readonly vectors: readonly Vector[] }[];
}

export function trustTokens(): TrustTokens {
  const vectors = [
    ...valid(),
    ...sizes(),
    ...forms(),
    ...encodings(),
    ...headerJson(),
    ...members(),
    ...injections(),
    ...types(),
    ...algorithms(),
    ...kids(),
    ...signatures(),
    ...payloadJson(),
    ...required(),
    ...optional(),
    ...organisations(),
    ...values(),
    ...times(),
    ...headerOrder(),
    ...payloadOrder(),
  ];
  return { jwks: jwks(), groups: [{ verifier: SETTINGS, vectors }, ...otherSettings()] };
}
