import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { SERVICE_CONFIG } from './service_config.ts';

describe('service config', () => {
  it('SDK-4 SDK-6 is that of spec/vectors/service_config.json', () => {
    const url = new URL('../../../spec/vectors/service_config.json', import.meta.url);
    assert.deepEqual(SERVICE_CONFIG, JSON.parse(readFileSync(url, 'utf8')));
  });
});
