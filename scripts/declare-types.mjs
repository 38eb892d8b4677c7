// Writes the declarations of the library: one file for each of its entries, with what that reaches and no more.
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const ENTRIES = { index: 'index', breaker: 'breaker/index', router: 'routing/index' };

/**
 * @param root the project
 * @param out folder that gets `types/`
 */
export async function declareTypes(root, out) {
  const all = join(out, 'declarations');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const project = join(root, 'scripts/tsconfig.types.json');
  execFileSync(process.execPath, [tsc, '--outDir', all, '--project', project], { stdio: ['ignore', 2, 2] });
  const input = Object.entries(ENTRIES).map(([name, file]) => [name, join(all, 'src', `${file}.d.ts`)]);
  const bundle = await rollup({
    input: Object.fromEntries(input),
    plugins: [dts()],
    external: /^[^./]/,
    onwarn,
  });
  await bundle.write({
    dir: join(out, 'types'),
    entryFileNames: '[name].d.ts',
    chunkFileNames: 'shared-[hash].d.ts',
  });
  await rm(all, { recursive: true });
}

function onwarn({ message }) {
  // Types that only appear inside others need no name of their own outside.
  if (!message.includes('private shared type exports')) throw new Error(message);
}
