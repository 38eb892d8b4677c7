// Bundles the binary, the library and the page into dist/. Splitting keeps each command's libraries in their
// own chunks, so that `qctl --version` loads none of them. The finished folder is put in place in one
// step, since tests may be running the old one. `--if-stale` does nothing where dist/ is newer than
// its sources; `--types` adds the declarations that TypeScript needs of the library.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const fresh = `${dist}.new.${process.pid}`;
const old = `${dist}.old.${process.pid}`;

async function newestMs(path) {
  const info = await stat(path);
  if (!info.isDirectory()) return info.mtimeMs;
  const inside = await Promise.all((await readdir(path)).map((name) => newestMs(join(path, name))));
  return Math.max(0, ...inside);
}

async function isStale() {
  const main = join(dist, 'main.js');
  if (!existsSync(main)) return true;
  const sources = [
    'src',
    'commands',
    'completions',
    'web',
    'package.json',
    'package-lock.json',
    'scripts/build.mjs',
  ];
  const times = await Promise.all(sources.map((name) => newestMs(join(root, name))));
  return Math.max(...times) > (await stat(main)).mtimeMs;
}

/** Puts `to` for `from` in a file of a library, and says so where the file has it no more. */
function patched(name, filter, from, to) {
  return {
    name,
    setup({ onLoad }) {
      onLoad({ filter }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        const contents = text.replace(from, to);
        if (contents === text) throw new Error(`${path} no longer says ${from}`);
        return { contents };
      });
    },
  };
}

/**
 * pg makes a Response to find out whether it runs in a Cloudflare Worker. On Node 20 that loads all of undici and
 * http2, a tenth of the time that a command takes to start.
 */
const pgOnNode = patched(
  'pg-on-node',
  /[\\/]pg[\\/]lib[\\/]stream\.js$/,
  'if (isCloudflareRuntime())',
  'if (false)',
);

/** A bundled CommonJS module that is loaded by import() has no names: cookies could not be set. */
const cookieByName = patched(
  'cookie-by-name',
  /[\\/]@fastify[\\/]cookie[\\/]index\.js$/,
  "await import('cookie')",
  "require('cookie')",
);

async function bundle() {
  const { version } = createRequire(import.meta.url)('../package.json');
  await build({
    absWorkingDir: root,
    entryPoints: {
      main: 'commands/main.ts',
      index: 'src/index.ts',
      breaker: 'src/breaker/index.ts',
      router: 'src/routing/index.ts',
    },
    outdir: fresh,
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
    plugins: [pgOnNode, cookieByName],
    logLevel: 'warning',
  });
  await bundlePage();
  if (process.argv.includes('--types')) declareTypes();
  if (existsSync(dist)) await rename(dist, old);
  await rename(fresh, dist);
  await rm(old, { recursive: true, force: true });
}

/** What `qctl serve` shows, under names that stay: the server tells by their content whether they are new. */
async function bundlePage() {
  await build({
    absWorkingDir: root,
    entryPoints: [
      { in: 'web/main.tsx', out: 'app' },
      { in: 'web/style/app.css', out: 'app' },
      { in: 'web/index.html', out: 'index' },
    ],
    outdir: join(fresh, 'web'),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.html': 'copy' },
    legalComments: 'none',
    logLevel: 'warning',
  });
}

function declareTypes() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const out = ['--outDir', join(fresh, 'types'), '--project', join(root, 'scripts/tsconfig.types.json')];
  execFileSync(process.execPath, [tsc, ...out], { stdio: ['ignore', 2, 2] });
}

if (!process.argv.includes('--if-stale') || (await isStale())) await bundle();
