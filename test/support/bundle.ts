import { join, parse } from 'node:path';
import { build } from 'esbuild';

/**
 * Puts a script, and apart from it what it may never need, into few files of a folder, so that a process of it
 * starts quickly. Returns the path to run.
 */
export async function bundleScript(path: string, folder: string): Promise<string> {
  await build({
    entryPoints: [path],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    ...{
      bundle: true,
      splitting: true,
      minify: true,
      keepNames: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'error',
      external: ['pg-native'],
      define: { QCTL_VERSION: '"0.0.0-test"' },
    },
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
  return join(folder, `${parse(path).name}.mjs`);
}
