import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from '../test/support/qctl.ts';
import { median, type Tell } from './result.ts';

const BINARY = fileURLToPath(new URL('../bin/qctl.js', import.meta.url));
const TIMES = 15;

/** Start-up against that of bare Node, in turns. */
export async function benchStartup(tell: Tell): Promise<void> {
  const lines = {
    bare: ['-e', '0'],
    '--version': [BINARY, '--version'],
    __complete: [BINARY, '__complete', 'drain', ''],
  };
  const times: Record<string, number[]> = { bare: [], '--version': [], __complete: [] };
  for (let i = 0; i <= TIMES; i += 1) {
    for (const [name, args] of Object.entries(lines)) {
      const ms = await timeNode(args);
      // The first of each fills the caches.
      if (i > 0) times[name]!.push(ms);
    }
  }
  for (const name of ['--version', '__complete'])
    tell({
      name: `qctl ${name} vs node -e 0`,
      ours: `${median(times[name]!).toFixed(1)} ms`,
      baseline: `${median(times.bare!).toFixed(1)} ms`,
      ratio: median(times[name]!) / median(times.bare!),
      goal: { atMost: 1.5 },
    });
}

function timeNode(args: string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: 'ignore', env: cleanEnvironment() });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve(performance.now() - started));
  });
}
