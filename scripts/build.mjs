// Bundles the binary and the library into dist/. Splitting keeps each command's
// libraries in their own chunk, so that `qctl --version` loads none of them.
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { build } from 'esbuild';

const { version } = createRequire(import.meta.url)('../package.json');

await rm(new URL('../dist', import.meta.url), { recursive: true, force: true });
await build({
  absWorkingDir: new URL('..', import.meta.url).pathname,
  entryPoints: { main: 'commands/main.ts', index: 'src/index.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['pg-native'],
  define: { QCTL_VERSION: JSON.stringify(version) },
  // CommonJS libraries inside an ES module bundle still call require() for Node's own modules.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  legalComments: 'none',
  logLevel: 'warning',
});
