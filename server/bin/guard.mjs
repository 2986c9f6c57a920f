// Runs on any Node, so that an old one gets a sentence instead of a syntax error.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Trust Layer needs Node 22.18 or newer; this is ${process.versions.node}. ` +
      'On Linux "npm ci" brings Node 24 along (do not omit optional dependencies); elsewhere install Node 24.',
  );
  process.exit(1);
}
