// Runs beside the server: a guess of a password's strength takes up to 40 ms, which the event loop does not have.
import { parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import * as common from '@zxcvbn-ts/language-common';
import * as english from '@zxcvbn-ts/language-en';

/** One question, and its answer under the same number. */
export type StrengthQuestion = {
  readonly number: number;
  readonly password: string;
  readonly words: readonly string[];
};
export type StrengthAnswer = { readonly number: number; readonly weak: boolean };

/** Scores run from 0 to 4; below this a password falls to fewer than 10^6 guesses. */
const LOWEST_SCORE = 2;

// The library's own bounds (256 characters, 100 substitutions) let one password take minutes.
const strength = new ZxcvbnFactory({
  dictionary: { ...common.dictionary, ...english.dictionary },
  graphs: common.adjacencyGraphs,
  maxLength: 64,
  l33tMaxSubstitutions: 20,
});
const commonPasswords = new Set(common.dictionary['passwords-common'].map(String));

parentPort?.on('message', ({ number, password, words }: StrengthQuestion) => {
  const weak = commonPasswords.has(password.toLowerCase()) || strength.check(password, [...words]).score < LOWEST_SCORE;
  parentPort?.postMessage({ number, weak } satisfies StrengthAnswer);
});
