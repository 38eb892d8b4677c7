import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { runCommand } from './run-command.ts';

const HOUR_MS = 3_600_000;

let server: TestRedis;
let start: number;
beforeAll(async () => {
  server = await startRedis();
  const redis = new Redis(server.url);
  start = Date.now() - 5 * HOUR_MS;
  const pipeline = redis.pipeline();
  for (let n = 0; n < 1200; n += 1) pipeline.xadd('orders:eu', `${start + n}-0`, 'n', String(n));
  for (let n = 1; n <= 6; n += 1) pipeline.xadd('orders:us', `${n}-0`, 'n', String(n));
  pipeline
    .xgroup('CREATE', 'orders:eu', 'workers', '0')
    .xreadgroup('GROUP', 'workers', 'w1', 'COUNT', 20, 'STREAMS', 'orders:eu', '>')
    .xgroup('CREATE', 'orders:eu', 'audit', '$')
    .xdel('orders:eu', `${start + 1100}-0`)
    .xgroup('CREATE', 'orders:us', 'workers', '2-0')
    .xtrim('orders:us', 'MAXLEN', 5)
    .xadd('alone', `${start}-0`, 'n', '1')
    .xadd('qctl:cb:events', '1-0', 'n', '1')
    .xgroup('CREATE', 'nothing', 'g', '0', 'MKSTREAM')
    .set('no-stream', '1');
  await pipeline.exec();
  redis.disconnect();
});
afterAll(() => server.stop());

const ls = (line: string, columns?: number) =>
  runCommand(['stream', 'ls', ...line.split(' ').filter(Boolean)], { url: server.url, columns });

describe('stream ls', () => {
  test('lists the streams by name, with what waits in each', async () => {
    for (const columns of [100, undefined]) {
      const { code, stdout, stderr } = await ls('--no-memory', columns);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toBe(
        [
          'STREAM     LENGTH  FIRST-AGE  LAST-AGE  GROUPS  PENDING     LAG  OLDEST-PENDING',
          'alone           1      5h00m     5h00m       0        0       -               -',
          'nothing         0          -         -       1        0       0               -',
          'orders:eu   1,199      5h00m     5h00m       2       20  ≥1,000           5h00m',
          'orders:us       5          -         -       1        0       4               -',
          '',
        ].join('\n'),
      );
    }
  });

  test('knows how much memory each takes', async () => {
    const { stdout } = await ls('orders:*');
    expect(stdout.replace(/\d+\.\d KiB|\d+ B/g, 'SIZE').replace(/ +/g, ' ')).toBe(
      [
        'STREAM LENGTH FIRST-AGE LAST-AGE GROUPS PENDING LAG OLDEST-PENDING MEMORY',
        'orders:eu 1,199 5h00m 5h00m 2 20 ≥1,000 5h00m SIZE',
        'orders:us 5 - - 1 0 4 - SIZE',
        '',
      ].join('\n'),
    );
  });

  const age = expect.any(Number);
  const items = () => [
    {
      stream: 'orders:eu',
      length: 1199,
      firstId: `${start}-0`,
      firstAgeMs: age,
      lastId: `${start + 1199}-0`,
      lastAgeMs: age,
      groups: 2,
      pending: 20,
      lag: null,
      lagAtLeast: 1000,
      lagAtMost: 1198,
      oldestPendingAgeMs: age,
      memoryBytes: age,
      waiting: 0,
      nextDueAt: null,
    },
    {
      stream: 'orders:us',
      length: 5,
      firstId: '2-0',
      firstAgeMs: null,
      lastId: '6-0',
      lastAgeMs: null,
      groups: 1,
      pending: 0,
      lag: 4,
      lagAtLeast: 4,
      lagAtMost: 4,
      oldestPendingAgeMs: null,
      memoryBytes: age,
      waiting: 0,
      nextDueAt: null,
    },
  ];

  test('is one document in JSON, a line for each stream in NDJSON', async () => {
    const { stdout } = await ls('orders:* -o json');
    expect(JSON.parse(stdout)).toEqual({ type: 'stream-list', items: items() });
    const lines = (await ls('orders:* -o ndjson')).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      items().map((item) => ({ type: 'stream', ...item })),
    );
    const [bare] = JSON.parse((await ls('orders:eu --no-memory -o json')).stdout).items;
    expect(bare).toEqual({ ...items()[0], memoryBytes: null });
  });

  test.each([
    ['name', ['alone', 'nothing', 'orders:eu', 'orders:us']],
    ['length', ['orders:eu', 'orders:us', 'alone', 'nothing']],
    ['lag', ['orders:eu', 'orders:us', 'nothing', 'alone']],
    ['pending', ['orders:eu', 'alone', 'nothing', 'orders:us']],
    ['age', ['orders:eu', 'alone', 'nothing', 'orders:us']],
  ])('is sorted by %s, and a limit keeps the first', async (field, names) => {
    const namesOf = async (more: string) =>
      JSON.parse((await ls(`--sort ${field} -o json ${more}`)).stdout).items.map(
        ({ stream }: { stream: string }) => stream,
      );
    expect(await namesOf('')).toEqual(names);
    expect(await namesOf('--limit 2')).toEqual(names.slice(0, 2));
  });

  test('sorts by memory', async () => {
    const { items } = JSON.parse((await ls('--sort memory -o json')).stdout);
    const sizes = items.map(({ memoryBytes }: { memoryBytes: number }) => memoryBytes);
    expect(sizes).toEqual(sizes.toSorted((a: number, b: number) => b - a));
    expect(items[0].stream).toBe('orders:eu');
    const { code, stderr } = await ls('--sort memory --no-memory');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'qctl: --sort memory needs what --no-memory does not ask for\n  hint: leave out one of the two\n',
    });
  });

  test('shows the streams that qctl keeps only where they are asked for', async () => {
    const [all, named] = [await ls('--all --no-memory'), await ls('qctl:* --no-memory')];
    expect(all.stdout).toContain('qctl:cb:events       1');
    expect(named.stdout.split('\n')).toHaveLength(3);
  });

  test('of a pattern that nothing matches is empty, and says so on a terminal alone', async () => {
    expect(await ls('none:*', 100)).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^STREAM {2}LENGTH .*\n$/),
      stderr: 'no stream matches none:*\n',
    });
    expect((await ls('none:*')).stderr).toBe('');
    expect(JSON.parse((await ls('none:* -o json')).stdout)).toEqual({ type: 'stream-list', items: [] });
  });

  test('of a name that is not there is an error that names one like it', async () => {
    const { code, stdout, stderr } = await ls('orders:ue');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.replace(/127\.0\.0\.1:\d+/, 'HOST')).toBe(
      [
        'qctl: there is no stream orders:ue (redis://HOST/0)',
        '  hint: did you mean orders:eu?',
        "  hint: 'qctl stream ls' lists all streams",
        '  hint: check that this is the right server and database',
        '',
      ].join('\n'),
    );
  });

  test('lists what the user may read, and says how much that leaves out', async () => {
    const redis = new Redis(server.url);
    await redis.call('ACL', 'SETUSER', 'eve', 'on', '>pw', '+@all', '~orders:*');
    redis.disconnect();
    const url = `redis://eve:pw@127.0.0.1:${server.port}`;
    const end = await runCommand(['stream', 'ls', '--no-memory', '-o', 'json'], { url });
    expect(JSON.parse(end.stdout).items.map(({ stream }: { stream: string }) => stream)).toEqual([
      'orders:eu',
      'orders:us',
    ]);
    expect(end.stderr).toContain('qctl: left out, since this user may not read them: 2 streams\n');
  });
});
