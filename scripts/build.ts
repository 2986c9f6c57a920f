// npm run build: the server as it is deployed, and the packages that are published, each into its own dist folder.
import { mkdirSync } from 'node:fs';
import { buildNodeSdk } from './build_node_sdk.ts';
import { buildServer } from './build_server.ts';
import { pythonSdk, run } from './tools.ts';

mkdirSync('.cache', { recursive: true });
buildNodeSdk();
await buildServer();
run('npm', ['pack', '--pack-destination', '../../.cache'], { cwd: 'sdks/node' });
run(pythonSdk(), ['-m', 'build', '--wheel', '--outdir', '../../.cache', '.'], { cwd: 'sdks/python' });
run('go', ['build', './...'], { cwd: 'sdks/go' });
console.log('The server is in server/dist (node server/dist/main.js serve), packages are in .cache.');
