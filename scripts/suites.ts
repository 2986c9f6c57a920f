/** The suites of `npm test` that mocha runs, and where their tests are: each test file of the repo is in one of them. */
export const MOCHA_SUITES: Readonly<Record<string, readonly string[]>> = {
  unit: ['server/src/**/*.test.ts', 'sdks/node/src/**/*.test.ts', 'spec/**/*.test.ts', 'test/support/**/*.test.ts'],
  house: ['test/house/**/*.test.ts'],
  // In one process, so that the servers are started once.
  store: ['test/store/**/*.test.ts', 'test/databases/**/*.test.ts'],
  grpc: ['test/grpc/**/*.test.ts'],
  http: ['test/http/**/*.test.ts', 'test/mail/**/*.test.ts'],
  attacks: ['test/attacks/**/*.test.ts'],
  conformance: ['test/conformance/**/*.test.ts'],
  browser: ['test/browser/**/*.test.ts'],
  faults: ['test/faults/**/*.test.ts'],
  simulation: ['test/simulation/**/*.test.ts'],
};
