// Part of npm run gen: the unary RPCs of the contract as methods of the three SDKs, with the contract's own words, and
// the reasons of errors as Go constants.
import { readFileSync, writeFileSync } from 'node:fs';
import { readContract } from './rpcs/contract.ts';
import { goReasons, goRpcs } from './rpcs/go.ts';
import { nodeMessages, nodeRpcs } from './rpcs/node.ts';
import { pythonMessages, pythonRpcs } from './rpcs/python.ts';

/** Writes the methods. `set` is a descriptor set with comments, as JSON. */
export function genRpcs(set: string): void {
  const contract = readContract(JSON.parse(readFileSync(set, 'utf8')));
  const { rows: reasons } = JSON.parse(readFileSync('spec/vectors/error_table.json', 'utf8'));
  const python = 'sdks/python/src/trust_layer/gen';
  for (const [path, text] of [
    ['sdks/node/src/gen/rpcs.ts', nodeRpcs(contract)],
    ['sdks/node/src/gen/messages.ts', nodeMessages(contract)],
    [`${python}/rpcs.py`, pythonRpcs(contract, 'sync')],
    [`${python}/aio_rpcs.py`, pythonRpcs(contract, 'asyncio')],
    [`${python}/messages.py`, pythonMessages(contract)],
    ['sdks/go/rpcs_gen.go', goRpcs(contract)],
    ['sdks/go/error_reasons_gen.go', goReasons(reasons)],
  ] as const) {
    writeFileSync(path, text);
  }
}
