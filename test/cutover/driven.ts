import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { release, tieToThisProcess } from '../support/orphans.ts';
import type { Task } from './driver.ts';

/** How a driven process ended. `killed`: it died as it was told to, or was killed. */
export interface Ended {
  killed: boolean;
  ending?: string;
  run?: string;
  code?: string;
}

/** Puts the driver, and apart from it what it may never need, into few files, so that a process of it starts quickly. */
export async function buildDriver(folder: string): Promise<string> {
  await build({
    entryPoints: [fileURLToPath(new URL('driver.ts', import.meta.url))],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    ...{
      bundle: true,
      splitting: true,
      minify: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'error',
      external: ['pg-native'],
    },
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
  return join(folder, 'driver.mjs');
}

/** Runs the driver in a process of its own. */
export function drive(script: string, task: Task): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [script, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  tieToThisProcess(child.pid);
  let out = '';
  child.stdout!.on('data', (data) => {
    out += data;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (_, signal) => {
      release(child.pid);
      resolve({ killed: signal === 'SIGKILL', ...(out && JSON.parse(out)) });
    });
  });
  return { child, ended };
}
