import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { measuring } from './measuring.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qctl-command-'));
  const systemctl = join(folder, 'systemctl');
  await writeFile(
    systemctl,
    '#!/bin/sh\n[ "$1" = --user ] && shift\n[ "$2" = up.service ] && echo active && exit 0\n[ "$2" = none ] || { echo inactive; exit 3; }\n',
  );
  await chmod(systemctl, 0o755);
});
afterAll(() => rm(folder, { recursive: true }));

const measure = (metric: string, given: object, signal?: AbortSignal) =>
  measuring({ env: { PATH: `${folder}:${process.env.PATH}`, DEPTH: '17' } })(metric, given, signal);

const sh = (script: string) => ['sh', '-c', script];

test('what a program prints is the value, and it has the environment of the host', async () => {
  expect(await measure('command', { run: sh('echo $DEPTH') })).toBe(17);
  expect(await measure('command', { run: sh('echo live') })).toBe('live');
  expect(await measure('command', { run: ['true'] })).toBeNull();
});

test('its exit code may be the value', async () => {
  expect(await measure('command', { run: sh('exit 3'), value: 'exit' })).toBe(3);
  expect(await measure('command', { run: ['true'], value: 'exit' })).toBe(0);
});

test('a program that fails, or is not there, measures nothing, and its arguments are not shown', async () => {
  const failing = measure('command', { run: sh('echo 5; echo no luck >&2; exit 2 # hush') });
  await expect(failing).rejects.toThrow('sh: exit 2 (no luck)');
  // Whoever hides what is secret knows no half of a word.
  const long = measure('command', { run: sh(`echo "${'so '.repeat(64)}hush-hush" >&2; exit 2`) });
  await expect(long).rejects.toThrow(/so …\)$/);
  const missing = measure('command', { run: ['no-such-program', 'hush'], value: 'exit' });
  const error = await missing.catch((thrown) => thrown);
  expect(error.message).toContain('no-such-program: it was not found');
  expect(error.message).not.toContain('hush');
});

test('a program that nobody waits for any more is ended, and all that it started', async () => {
  const pids = join(folder, 'pids');
  const stop = new AbortController();
  const asked = measure('command', { run: sh(`sleep 600 & echo $! $$ > ${pids}; wait`) }, stop.signal);
  const found = await waitFor(async () => {
    const all = (await readFile(pids, 'utf8')).trim().split(' ').map(Number);
    return all.length === 2 ? all : undefined;
  });
  stop.abort();
  await expect(asked).rejects.toThrow('it took too long');
  for (const pid of found) await waitFor(() => !isAlive(pid));
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('the state of a unit', async () => {
  expect(await measure('systemd.active', { unit: 'up.service' })).toBe('active');
  expect(await measure('systemd.active', { unit: 'down.service', user: true })).toBe('inactive');
  await expect(measure('systemd.active', { unit: 'none' })).rejects.toThrow('systemctl');
});
