// Every scenario and every class of vectors, through the probe of every SDK, against one real server.
import { oauthEnv, servedIssuer } from '../support/issuer.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { allExams, examine, isFailed, type Outcome, readKnownFailures, table } from './exam.ts';
import { ProbePool } from './probe.ts';
import { findSdks } from './sdks.ts';

const candidates = findSdks();
const exams = allExams();
const known = readKnownFailures();

describe('conformance', function () {
  this.timeout(60_000);
  const outcomes: Outcome[] = [];
  let server: ServerProcess;
  let issuer: Awaited<ReturnType<typeof servedIssuer>> | undefined;

  before(async () => {
    issuer = await servedIssuer();
    server = await startServer({ env: oauthEnv(issuer) });
  });

  after(async () => {
    if (server && server.pid() === undefined)
      console.log(`The server ended during the run:\n${server.output().slice(-4_000)}`);
    await server?.remove();
    await issuer?.close();
    console.log(
      `\n${table(
        outcomes,
        candidates.map(({ name }) => name),
      )}\n`,
    );
  });

  for (const { name, sdk, missing } of candidates) {
    describe(name, () => {
      if (!sdk) {
        it(`is there: ${missing}`, function () {
          if (process.env.CI === 'true') throw new Error(`${name} cannot be examined: ${missing}`);
          this.skip();
        });
        return;
      }
      const pool = new ProbePool(sdk);
      after(() => pool.close());
      for (const exam of exams) {
        it(`${exam.feature}: ${exam.name}`, async () => {
          const outcome = await examine(exam, name, pool, server, known);
          outcomes.push(outcome);
          if (isFailed(outcome)) throw new Error(outcome.failure);
        });
      }
    });
  }
});
