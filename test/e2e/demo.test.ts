import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { release, tieToThisProcess } from '../support/orphans.ts';
import { waitFor } from '../support/wait.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Demo {
  folder: string;
  output(): string;
  interrupt(): void;
  ended: Promise<number | null>;
}

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Runs the demo with a temporary folder of its own, so that what it leaves behind can be seen. */
function startDemo(): Demo {
  const folder = mkdtempSync(join(tmpdir(), 'qctl-demo-test-'));
  // PostgreSQL runs as another user where the tests run as root.
  chmodSync(folder, 0o755);
  folders.push(folder);
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/demo/demo.ts'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  tieToThisProcess(child.pid);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      release(child.pid);
      resolve(code);
    });
  });
  return { folder, output: () => text, interrupt: () => child.kill('SIGINT'), ended };
}

/** Folders of servers, processes at home in one of them, and ports that still answer. */
async function leftBehind({ folder, output }: Demo): Promise<string[]> {
  const left = readdirSync(folder).filter((name) => name.startsWith('qctl-'));
  for (const pid of process.platform === 'linux' ? readdirSync('/proc') : []) {
    if (/^\d+$/.test(pid) && homeOf(pid).startsWith(folder)) left.push(`process ${pid}`);
  }
  const ports = [...output().matchAll(/^\$ export \w+=\S+127\.0\.0\.1:(\d+)/gm)].map((found) =>
    Number(found[1]),
  );
  for (const port of ports) if (await answers(port)) left.push(`port ${port}`);
  return left;
}

function homeOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}

async function expectNothingLeft(demo: Demo): Promise<void> {
  // The temporary home is removed by a watcher, a moment after the demo itself has ended.
  await waitFor(async () => (await leftBehind(demo)).length === 0, { timeoutMs: 5000 }).catch(
    () => undefined,
  );
  expect(await leftBehind(demo)).toEqual([]);
}

test('the demo kills a drain, resumes it, proves both and leaves nothing behind', async () => {
  const demo = startDemo();
  const code = await demo.ended;
  const output = demo.output();
  expect(code, output).toBe(0);
  expect(output).toMatch(/✗ kill -9 \d+: \d{1,2},\d{3} of 20,000 alerts were in the stream/);
  expect(output).toContain('goes on where it stopped');
  expect(output).toMatch(/^alerts {4}20,000 of 20,000 exactly once, bodies unchanged, in order/m);
  expect(output).toMatch(/^webhooks {2}2,000 of 2,000 exactly once, bodies unchanged/m);
  expect(output).toMatch(/^sources {3}0 rows and 0 messages are left/m);
  expect(output).toContain('Nothing lost, nothing doubled.');
  expect(output).not.toMatch(/Warning:|FAILED|\bat .*:\d+:\d+/);
  await expectNothingLeft(demo);
});

test('Ctrl-C in the middle stops everything', async () => {
  const demo = startDemo();
  await waitFor(() => demo.output().includes('--yes'), { timeoutMs: 60_000, what: 'the first drain' });
  demo.interrupt();
  expect(await demo.ended, demo.output()).toBe(130);
  await expectNothingLeft(demo);
});
