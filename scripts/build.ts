// npm run build: the packages that are published, each into its own dist folder.
import { buildNodeSdk } from './build_node_sdk.ts';
import { pythonSdk, run } from './tools.ts';

buildNodeSdk();
run('npm', ['pack', '--pack-destination', '../../.cache'], { cwd: 'sdks/node' });
run(pythonSdk(), ['-m', 'build', '--wheel', '--outdir', '../../.cache', '.'], { cwd: 'sdks/python' });
run('go', ['build', './...'], { cwd: 'sdks/go' });
console.log('Packages are in .cache.');
