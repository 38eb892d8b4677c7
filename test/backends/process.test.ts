import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunOptions, runProgram } from '../../src/backends/process/index.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { waitFor } from '../support/wait.ts';

let folder: string;
beforeAll(() => {
  folder = ownFolder('process');
});
afterAll(() => removeFolder(folder));

const env = { PATH: '/usr/bin:/bin' };

/** Runs a shell's text: the shell is the leader of the group. */
function sh(text: string, options: Partial<RunOptions> = {}) {
  return runProgram({ argv: ['/bin/sh', '-c', text], env, timeoutMs: 20_000, cwd: folder, ...options });
}

async function pidIn(name: string): Promise<number> {
  return waitFor(async () => Number((await readFile(join(folder, name), 'utf8')).trim()), { what: name });
}

/** A zombie that nobody reaps has ended all the same. */
async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat === null ? process.platform !== 'linux' : !/\) [ZX] /.test(stat);
}

describe('a program that ends by itself', () => {
  test('gives its output, its code, and both outputs in the order they came', async () => {
    const run = await sh('echo one; echo two >&2; sleep 0.05; echo three; exit 3');
    expect(run).toMatchObject({ ended: 'failed', code: 3, signal: null, stdout: 'one\nthree\n' });
    expect(run.tail.split('\n').sort()).toEqual(['one', 'three', 'two']);
    expect((await sh('exit 0')).ended).toBe('ok');
  });

  test('keeps the first 64 KiB of stdout, and as its tail the last whole lines that fit into 8 KiB', async () => {
    const run = await sh('i=0; while [ $i -lt 9000 ]; do echo "line $i äöü"; i=$((i+1)); done');
    expect(Buffer.byteLength(run.stdout)).toBeLessThanOrEqual(65_536);
    expect(run.stdout.startsWith('line 0 äöü\nline 1 äöü\n')).toBe(true);
    expect(Buffer.byteLength(run.tail)).toBeLessThanOrEqual(8192);
    const lines = run.tail.split('\n');
    expect(lines.at(-1)).toBe('line 8999 äöü');
    expect(lines.every((line) => /^line \d{4} äöü$/.test(line))).toBe(true);
    expect(lines.length).toBeGreaterThan(100);
  });

  test('a line longer than the tail is cut between characters, and bytes that are no text do not break it', async () => {
    const long = await sh("i=0; while [ $i -lt 1800 ]; do printf 'a€€'; i=$((i+1)); done");
    expect(Buffer.byteLength(long.tail)).toBeLessThanOrEqual(8192);
    expect(long.tail).toMatch(/^[a€]{3200,}$/);
    const words = await sh("i=0; while [ $i -lt 900 ]; do printf 'word-number '; i=$((i+1)); done");
    expect(words.tail).toMatch(/^(word-number ){600,}word-number$/);
    const odd = await sh("printf '\\377\\376 odd\\n'");
    expect(odd.tail).toBe('\ufffd\ufffd odd');
  });

  test('reads its stdin, through /dev/stdin too, and may end without reading a megabyte of it', async () => {
    expect((await sh('cat', { stdin: 'tëxt' })).stdout).toBe('tëxt');
    expect((await sh('cat /dev/stdin', { stdin: 'secret' })).stdout).toBe('secret');
    expect((await sh('wc -c')).stdout.trim()).toBe('0');
    expect((await sh('exit 0', { stdin: 'x'.repeat(1_000_000) })).ended).toBe('ok');
  });

  test('one that is killed tells by which signal', async () => {
    expect(await sh('kill -9 $$')).toMatchObject({ ended: 'failed', code: null, signal: 'SIGKILL' });
  });
});

describe('a program that cannot be started', () => {
  test('is told apart: missing, not executable, no such folder, an argument that cannot be passed', async () => {
    const script = join(folder, 'script.sh');
    await writeFile(script, '#!/bin/sh\nexit 0\n');
    await chmod(script, 0o644);
    const start = (argv: string[], cwd?: string) => runProgram({ argv, cwd, env, timeoutMs: 5000 });
    expect(await start(['no-such-program'])).toMatchObject({ ended: 'missing', code: null });
    expect(await start([script])).toMatchObject({ ended: 'notExecutable' });
    const lost = await start(['/bin/sh'], join(folder, 'nowhere'));
    expect(lost).toMatchObject({ ended: 'missing' });
    expect(lost.tail).toContain('there is no folder');
    const odd = await start(['/bin/sh', 'top-secret\0']);
    expect(odd.ended).toBe('failed');
    expect(odd.tail).not.toContain('top-secret');
  });
});

describe('a program that is stopped', () => {
  test('after its time SIGTERM reaches its whole group, and it may clean up', async () => {
    const run = await sh('trap "echo bye; exit 9" TERM; sleep 60 & echo $! > t.pid; wait', {
      timeoutMs: 300,
    });
    expect(run).toMatchObject({ ended: 'timedOut', code: 9 });
    expect(run.tail).toContain('bye');
    expect(await isAlive(await pidIn('t.pid'))).toBe(false);
  });

  test('a grandchild that ignores SIGTERM and outlives its parent is gone when it returns', async () => {
    const deaf = `sh -c 'trap "" TERM; echo $$ > deaf.pid; while :; do sleep 0.1; done' & wait`;
    const stop = new AbortController();
    const running = sh(deaf, { signal: stop.signal, graceMs: 100 });
    const pid = await pidIn('deaf.pid');
    stop.abort();
    expect(await running).toMatchObject({ ended: 'aborted', signal: 'SIGTERM' });
    expect(await isAlive(pid)).toBe(false);
  });

  test('one whose signal was aborted before is not started', async () => {
    const run = await sh('touch begun', { signal: AbortSignal.abort() });
    expect(run.ended).toBe('aborted');
    await expect(readFile(join(folder, 'begun'))).rejects.toThrow('ENOENT');
  });
});

describe('a program that leaves something behind', () => {
  test('one that holds the output, or only lives on, is told of and ended', async () => {
    const [holding, quiet] = await Promise.all([
      sh('sleep 60 & echo $! > holding.pid; echo done'),
      sh('sleep 60 >/dev/null 2>&1 & echo $! > quiet.pid; echo done'),
    ]);
    expect(holding).toMatchObject({ ended: 'leftOpen', code: 0, stdout: 'done\n' });
    expect(quiet).toMatchObject({ ended: 'leftOpen', code: 0 });
    expect(await isAlive(await pidIn('holding.pid'))).toBe(false);
    expect(await isAlive(await pidIn('quiet.pid'))).toBe(false);
  });

  test('a daemon with a session of its own and its own output is left alone', async () => {
    const daemon = `const { spawn } = require('node:child_process');
      const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
      child.unref(); console.log(child.pid);`;
    const run = await runProgram({ argv: [process.execPath, '-e', daemon], env, timeoutMs: 20_000 });
    expect(run.ended).toBe('ok');
    const pid = Number(run.stdout);
    expect(await isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });

  test('what is soon over is waited for', async () => {
    expect(await sh('(sleep 0.1; echo late) & echo early')).toMatchObject({
      ended: 'ok',
      stdout: 'early\nlate\n',
    });
  });
});
