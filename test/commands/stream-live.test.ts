import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, test } from 'vitest';
import { release, tieToThisProcess } from '../support/orphans.ts';
import { cleanEnvironment, runQctl, spawnQctl } from '../support/qctl.ts';
import { startRedis } from '../support/redis.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { inTime, waitFor } from '../support/wait.ts';

const BINARY = fileURLToPath(new URL('../../bin/qctl.js', import.meta.url));
const env = { REDIS_URL: sharedRedisUrl() };
const redis = new Redis(sharedRedisUrl());
afterAll(() => redis.disconnect());

async function streamOf(count: number, body = 'x'): Promise<string> {
  const stream = uniqueName('live');
  for (let id = 1; id <= count; id += 1) await redis.xadd(stream, `${id}-0`, 'body', body);
  return stream;
}

describe('stream tail --follow', () => {
  test('shows what is added as it comes, and ends at once and silently at Ctrl-C', async () => {
    const stream = await streamOf(3);
    const args = ['stream', 'tail', stream, '--follow', '--limit', '1', '--compact'];
    const tail = spawnQctl(args, { env });
    await waitFor(() => tail.stdout() === '3-0  body=x\n');
    await redis.xadd(stream, '4-0', 'body', 'y');
    await waitFor(() => tail.stdout().endsWith('4-0  body=y\n'));
    tail.child.kill('SIGINT');
    expect(await inTime(tail.done, 'the end after Ctrl-C')).toEqual({
      code: 130,
      signal: null,
      stdout: '3-0  body=x\n4-0  body=y\n',
      stderr: '',
    });
  });

  test('ends at once while Redis does not answer', async () => {
    const server = await startRedis();
    const own = new Redis(server.url);
    await own.xadd('s', '1-0', 'n', '1');
    const tail = spawnQctl(['stream', 'tail', 's', '-f', '--compact'], { env: { REDIS_URL: server.url } });
    await waitFor(() => tail.stdout() === '1-0  n=1\n');
    server.pause();
    tail.child.kill('SIGTERM');
    const { code, stderr } = await inTime(tail.done, 'the end after SIGTERM');
    server.resume();
    own.disconnect();
    await server.stop();
    expect({ code, stderr }).toEqual({ code: 143, stderr: '' });
  });

  test('waits for a restart of Redis, says so once, and goes on behind the last entry shown', async () => {
    const server = await startRedis({ aof: 'always' });
    const own = new Redis(server.url, { retryStrategy: () => 50 });
    own.on('error', () => {});
    await own.xadd('s', '1-0', 'n', '1');
    const tail = spawnQctl(['stream', 'tail', 's', '-f', '--compact'], { env: { REDIS_URL: server.url } });
    await waitFor(() => tail.stdout() === '1-0  n=1\n');
    await server.kill9();
    await waitFor(() => tail.stderr().includes('waiting'));
    await server.restart();
    await waitFor(() => tail.stderr().includes('back'));
    await own.xadd('s', '2-0', 'n', '2');
    await waitFor(() => tail.stdout() === '1-0  n=1\n2-0  n=2\n');
    tail.child.kill('SIGINT');
    const { code, stderr } = await tail.done;
    own.disconnect();
    await server.stop();
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /^qctl: waiting for Redis: (connection lost|Redis is loading).*\nqctl: Redis is back\n$/,
    );
  });
});

describe('stream tail', () => {
  test('ends quietly when its reader goes away', async () => {
    const stream = await streamOf(2000, 'x'.repeat(1000));
    const script = `set -o pipefail; "${process.execPath}" "${BINARY}" stream tail ${stream} --from start | head -3`;
    const end = await new Promise((resolve) => {
      execFile('bash', ['-c', script], { env: { ...cleanEnvironment(), ...env } }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, lines: stdout.split('\n').length - 1, stderr }),
      );
    });
    expect(end).toEqual({ code: 0, lines: 3, stderr: '' });
  });

  test.skipIf(process.platform !== 'linux')('needs no memory for what it has shown', async () => {
    const stream = await streamOf(250, 'x'.repeat(1_000_000));
    const child = spawn(process.execPath, [BINARY, 'stream', 'tail', stream, '--from', 'start'], {
      env: { ...cleanEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    tieToThisProcess(child.pid);
    let [bytes, peakBytes] = [0, 0];
    child.stdout.on('data', (data: Buffer) => {
      bytes += data.length;
      const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      peakBytes = Math.max(peakBytes, 1000 * Number(kilobytes ?? 0));
    });
    const [code] = await once(child, 'close');
    release(child.pid);
    await redis.del(stream);
    expect({ code, whole: bytes > 250_000_000 }).toEqual({ code: 0, whole: true });
    expect(peakBytes).toBeGreaterThan(30_000_000);
    expect(peakBytes).toBeLessThan(250_000_000);
  });
});

test('stream add takes a body from stdin, byte for byte', async () => {
  const stream = await streamOf(1);
  const input = Buffer.from([0, 255, 10, 195]);
  const { code, stdout, stderr } = await runQctl(['stream', 'add', stream, '--body-file', '-'], {
    env,
    input,
  });
  const [last] = (await redis.callBuffer('XREVRANGE', stream, '+', '-', 'COUNT', '1')) as [
    Buffer,
    Buffer[],
  ][];
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${last![0]}\n`, stderr: '' });
  expect(last![1]).toEqual([Buffer.from('body'), input]);
});
