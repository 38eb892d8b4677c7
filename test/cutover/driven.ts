import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundleScript } from '../support/bundle.ts';
import { release, tieToThisProcess } from '../support/orphans.ts';
import { cleanEnvironment } from '../support/qctl.ts';
import type { Task } from './driver.ts';

/** How a driven process ended. `killed`: it died as it was told to, or was killed. */
export interface Ended {
  killed: boolean;
  ending?: string;
  run?: string;
  code?: string;
}

/** A driver that starts quickly. */
export function buildDriver(folder: string): Promise<string> {
  return bundleScript(fileURLToPath(new URL('driver.ts', import.meta.url)), folder);
}

/** Runs the driver in a process of its own. */
export function drive(script: string, task: Task): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [script, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: cleanEnvironment(),
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
