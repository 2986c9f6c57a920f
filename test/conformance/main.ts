// node test/conformance/main.ts [--json] [--sdk NAME] [--case TEXT]: the table of scenarios by SDKs, without a test runner.
import { parseArgs } from 'node:util';
import { oauthEnv, servedIssuer } from '../support/issuer.ts';
import { startServer } from '../support/server_process.ts';
import { allExams, examine, isFailed, type Outcome, readKnownFailures, table } from './exam.ts';
import { ProbePool } from './probe.ts';
import { findSdks } from './sdks.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    sdk: { type: 'string', multiple: true },
    case: { type: 'string', default: '' },
  },
});

const chosen = findSdks().filter(({ name }) => !options.sdk || options.sdk.includes(name));
const exams = allExams().filter(({ feature, name }) => `${feature}: ${name}`.includes(options.case));
const known = readKnownFailures();
const outcomes: Outcome[] = [];

const issuer = await servedIssuer();
const server = await startServer({ env: oauthEnv(issuer) });
try {
  for (const { name, sdk } of chosen) {
    if (!sdk) continue;
    const pool = new ProbePool(sdk);
    for (const exam of exams) outcomes.push(await examine(exam, name, pool, server, known));
    pool.close();
  }
} finally {
  if (server.pid() === undefined) console.error(`The server ended during the run:\n${server.output().slice(-4_000)}`);
  await server.remove();
  await issuer.close();
}

const missing = chosen.flatMap(({ name, missing }) => (missing === undefined ? [] : [{ name, missing }]));
if (options.json) {
  console.log(JSON.stringify({ outcomes, missing }, null, 2));
} else {
  for (const { sdk, feature, name, failure } of outcomes.filter(isFailed)) {
    console.log(`FAILED ${sdk}  ${feature}: ${name}\n  ${failure}\n`);
  }
  for (const { name, missing: why } of missing) console.log(`not examined: ${name}: ${why}`);
  console.log(
    table(
      outcomes,
      chosen.map(({ name }) => name),
    ),
  );
}
const complete = missing.length === 0 || process.env.CI !== 'true';
process.exitCode = outcomes.some(isFailed) || !complete ? 1 : 0;
