import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { useOwnRedis } from './own-redis.ts';
import { runCommand } from './run-command.ts';

const redis = useOwnRedis();
const once = ['top', '--interval', '100ms'];

async function fill(): Promise<void> {
  for (const stream of ['orders:a', 'orders:b', 'mails']) await redis.client.xadd(stream, '*', 'n', '1');
  await redis.client.xadd('orders:b', '*', 'n', '2');
  await redis.client.xgroup('CREATE', 'orders:b', 'workers', '0');
}

test('in a pipe one look is printed, with rates, and it ends', async () => {
  await fill();
  const { code, stdout, stderr } = await redis.run([
    ...once,
    '--view',
    'streams',
    '--match',
    'orders:*',
    '--sort',
    'length',
  ]);
  expect([code, stderr]).toEqual([0, '']);
  const [head, ...rows] = stdout.trimEnd().split('\n');
  expect(head).toMatch(/^STREAM {4}LENGTH {3}IN +OUT {2}LAG {2}PENDING/);
  expect(rows).toEqual([
    expect.stringMatching(/^orders:b +2 +0\/s /),
    expect.stringMatching(/^orders:a +1 +0\/s +- /),
  ]);
});

test('without a view each that has anything is printed', async () => {
  await fill();
  const { stdout } = await redis.run(once);
  expect(stdout.match(/^[a-z-]+$/gm)).toEqual(['streams', 'redis']);
});

test('a terminal that cannot be drawn on gets one look, too, and no sequences', async () => {
  await fill();
  const { code, stdout } = await redis.run(once, { columns: 80, env: { TERM: 'dumb' } });
  expect([code, stdout.includes('\x1b')]).toEqual([0, false]);
  expect(stdout).toContain('orders:a');
});

test('-o json is the snapshot, also in a file', async () => {
  await fill();
  const { stdout } = await redis.run([...once, '-o', 'json']);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ type: 'snapshot', missing: [], streamsLeftOut: 0, redis: { kind: 'standalone' } },
    streams: [{ stream: 'mails', inPerSecond: 0 }, { stream: 'orders:a' }, { stream: 'orders:b', lag: 2 }],
  });
  const file = join(await mkdtemp(join(tmpdir(), 'qctl-top-')), 'snapshot.json');
  expect(await redis.run([...once, '-o', 'json', '--out-file', file])).toMatchObject({ code: 0, stdout: '' });
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ type: 'snapshot' });
});

test('-o ndjson is a line for each look, also while Redis is away, until a signal', async () => {
  await fill();
  const seen: { type: string; why?: string; streams?: { stream: string }[] }[] = [];
  let end = () => {};
  const done = redis.run([...once, '-o', 'ndjson'], {
    onStdout(text, stop) {
      seen.push(JSON.parse(text));
      end = stop;
    },
  });
  await waitFor(() => seen.length > 1);
  expect(seen[0]).toMatchObject({ type: 'snapshot', streams: [{ stream: 'mails' }, {}, {}] });
  await redis.server.kill9();
  const away = await waitFor(() => seen.find(({ type }) => type === 'away'));
  expect(away).toEqual({
    type: 'away',
    since: expect.stringMatching(/^2.*Z$/),
    why: expect.stringMatching(/\w/),
  });
  await redis.server.restart();
  await waitFor(() => seen.at(-1)?.type === 'snapshot', { what: 'looks go on' });
  end();
  expect((await done).code).toBe(130);
});

test('with --once it is one line', async () => {
  await fill();
  const { stdout } = await redis.run([...once, '--once', '-o', 'ndjson']);
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).seq),
  ).toEqual([2]);
});

test('a Redis that is not there, and a login that it refuses, are errors at the start', async () => {
  const nobody = await runCommand(once, { url: 'redis://127.0.0.1:1', columns: 80 });
  expect(nobody).toMatchObject({
    code: 7,
    stdout: '',
    stderr: expect.stringContaining('nothing listens there'),
  });
  const { port } = redis.server;
  const stranger = await runCommand(once, { url: `redis://ann:wrong@127.0.0.1:${port}`, columns: 80 });
  expect(stranger).toMatchObject({ code: 4, stdout: '' });
  expect(stranger.stderr).not.toContain('wrong@');
});

test('a user who may not look at all of it sees the rest, and why', async () => {
  await fill();
  await redis.client.call('ACL', 'SETUSER', 'ann', 'on', '>pw', '~orders:*', '+@all', '-info');
  const { port } = redis.server;
  const { code, stdout } = await runCommand([...once], { url: `redis://ann:pw@127.0.0.1:${port}` });
  expect(code).toBe(0);
  expect(stdout).toContain('orders:a');
  expect(stdout).toMatch(/^unknown: redis: .+$/m);
  expect(stdout).toMatch(/^memory +-$/m);
});

test.each([
  [['--sort', 'colour'], 'there is no column colour in the view streams to sort by'],
  [['--view', 'redis', '--sort', 'lag'], 'there is no column lag in the view redis to sort by'],
  [['--view', 'nothing'], "option '--view <view>' argument 'nothing' is invalid"],
  [['--interval', '1ms'], 'expected an interval from 100ms to 1d'],
  [['-o', 'ndjson', '--out-file', '/tmp/x.ndjson'], '--out-file is written at the end, -o ndjson has none'],
])('%j is refused before anything is connected to', async (flags, message) => {
  const { code, stderr } = await runCommand(['top', ...flags], { url: 'redis://127.0.0.1:1' });
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});
