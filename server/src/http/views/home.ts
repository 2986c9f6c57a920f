import { html } from 'hono/html';
import type { Texts } from '../texts/en.ts';
import type { Html } from './layout.ts';

export type HomeView = { readonly publicUrl: string; readonly dev: boolean };

export function homeView({ frame }: Texts, { publicUrl, dev }: HomeView): Html {
  if (!dev) {
    return html`<h1>${frame.nothingHere}</h1>
        <p class="text">${frame.signsInForOthers}</p>`;
  }
  return html`<h1>${frame.running}</h1>
        <p class="text">${frame.giveItAnApp}</p>
        <ul class="steps">
          <li><span>Express</span><code>npm run starter:express</code></li>
          <li><span>FastAPI</span><code>npm run starter:fastapi</code></li>
          <li><span>Go</span><code>npm run starter:go</code></li>
        </ul>
        <p class="text">${frame.sdksRead} <strong>${publicUrl}</strong>:</p>
        <ul class="links">
          <li><a href="/.well-known/trust-layer">/.well-known/trust-layer</a></li>
          <li><a href="/.well-known/jwks.json">/.well-known/jwks.json</a></li>
        </ul>`;
}
