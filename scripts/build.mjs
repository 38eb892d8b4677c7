// Bundles the binary, the library and the page into dist/. Splitting keeps each command's libraries in their
// own chunks, so that `qctl --version` loads none of them. The finished folder is put in place in one
// step, since tests may be running the old one. `--if-stale` does nothing where dist/ is newer than
// its sources; `--types` adds the declarations that TypeScript needs of the library.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import {
  bundledPackages,
  compactManifest,
  nodeOptions,
  pageOptions,
  quickOptions,
  requiredLibraries,
  withoutBanner,
} from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const fresh = `${dist}.new.${process.pid}`;
const old = `${dist}.old.${process.pid}`;
const wantsTypes = process.argv.includes('--types');

async function newestMs(path) {
  const info = await stat(path);
  if (!info.isDirectory()) return info.mtimeMs;
  const inside = await Promise.all((await readdir(path)).map((name) => newestMs(join(path, name))));
  return Math.max(0, ...inside);
}

async function isStale() {
  const main = join(dist, 'main.js');
  if (!existsSync(main)) return true;
  if (wantsTypes && !existsSync(join(dist, 'types'))) return true;
  const sources = ['src', 'commands', 'completions', 'web', 'package.json', 'package-lock.json'];
  const scripts = ['build.mjs', 'bundle.mjs', 'declare-types.mjs'].map((name) => `scripts/${name}`);
  const times = await Promise.all([...sources, ...scripts].map((name) => newestMs(join(root, name))));
  return Math.max(...times) > (await stat(main)).mtimeMs;
}

async function bundle() {
  const common = { absWorkingDir: root, metafile: true, logLevel: 'warning' };
  const node = await build({
    ...common,
    ...nodeOptions(root),
    plugins: [compactManifest, requiredLibraries],
    outdir: fresh,
    write: false,
  });
  await mkdir(fresh);
  await Promise.all(node.outputFiles.map(async (file) => writeFile(file.path, withoutBanner(file.text))));
  const quick = await build({ ...common, ...quickOptions(root), outdir: fresh });
  const page = await build({ ...common, ...pageOptions, outdir: join(fresh, 'web') });
  const bundled = bundledPackages(root, [node.metafile, quick.metafile, page.metafile]);
  await writeFile(join(fresh, 'bundled.json'), `${JSON.stringify(bundled, null, 1)}\n`);
}

async function replaceDist() {
  if (existsSync(dist)) await rename(dist, old);
  await rename(fresh, dist);
  await rm(old, { recursive: true, force: true });
}

if (!process.argv.includes('--if-stale') || (await isStale())) {
  await bundle();
  if (wantsTypes) {
    const { declareTypes } = await import('./declare-types.mjs');
    await declareTypes(root, fresh);
  }
  await replaceDist();
}
