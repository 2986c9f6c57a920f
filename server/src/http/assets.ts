import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sourceFile } from '../kernel/source_file.ts';

/** A file that the pages load, under a path that changes with its content. */
export type Asset = {
  readonly url: string;
  readonly type: string;
  readonly content: string | Uint8Array<ArrayBuffer>;
};

/** Reads style sheet, icon and scripts, once. */
export function readAssets(): Readonly<Record<'style' | 'icon' | 'passkey' | 'work', Asset>> {
  // The library's bundle lies beside its entry, under a path that its manifest does not export.
  const bundle = new URL('../dist/bundle/index.umd.min.js', import.meta.resolve('@simplewebauthn/browser'));
  return {
    style: asset('style', 'css', 'text/css'),
    icon: asset('icon', 'svg', 'image/svg+xml'),
    passkey: asset('passkey', 'js', 'text/javascript', readFileSync(bundle, 'utf8')),
    work: asset('work', 'js', 'text/javascript'),
  };
}

function asset(stem: string, extension: string, type: string, before = ''): Asset {
  const content = before + readFileSync(sourceFile(`http/views/${stem}.${extension}`), 'utf8');
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  return { url: `/assets/${stem}-${hash}.${extension}`, type: `${type}; charset=utf-8`, content };
}
