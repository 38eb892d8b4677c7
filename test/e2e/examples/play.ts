import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { release, tieToThisProcess } from '../../support/orphans.ts';
import { cleanEnvironment } from '../../support/qctl.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Plays `npm run example TEAM` to its end, prints what it has measured, and returns all that it has printed. */
export async function playExample(team: string): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/run.ts', team], {
    cwd: ROOT,
    env: { ...cleanEnvironment(), HOME: process.env.HOME, CI: process.env.CI },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  tieToThisProcess(child.pid);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  release(child.pid);
  expect(code, text).toBe(0);
  process.stdout.write(`${team}\n${text.slice(text.indexOf('── What was measured'))}`);
  return text;
}
