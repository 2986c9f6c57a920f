import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const GENERATED = /(^|\/)(gen|migrations)\/|_gen\.go$/;

/** Files that git tracks or would track, without generated ones. */
export const sourceFiles = (): readonly string[] => allFiles().filter((path) => !GENERATED.test(path));

/** Those and the generated ones. */
export function allFiles(): readonly string[] {
  const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8', maxBuffer: 1e8 });
  return [...new Set(stdout.split('\n'))].filter((path) => path !== '');
}

export const read = (path: string) => readFileSync(path, 'utf8');

export const isCode = (path: string) => /\.(ts|mjs|py|go)$/.test(path);
export const isTest = (path: string) => /\.test\.ts$|_test\.go$|(^|\/)tests?\//.test(path);
