import { beforeEach, describe, expect, test } from 'vitest';
import { untilIdle } from '../support/pending.ts';
import { useOwnRedis } from './own-redis.ts';

const redis = useOwnRedis();
const { run } = redis;
const call = (words: string) => redis.client.eval(`return redis.call(${words})`, 0);
const PHANTOM = '\ufffd\ufffdbin';
const consumers = async () =>
  ((await redis.client.callBuffer('XINFO', 'CONSUMERS', 'orders', 'g')) as Buffer[][]).map((row) => [
    row[1]!.toString('latin1'),
    Number(row[3]),
  ]);

/** Consumers `\xff\xfebin`, who was seen last and holds one entry, and `text`, who holds the other. */
beforeEach(async () => {
  for (const id of ['1-0', '2-0']) await redis.client.xadd('orders', id, 'n', '1');
  await redis.client.xgroup('CREATE', 'orders', 'g', '0');
  await redis.client.xreadgroup('GROUP', 'g', 'text', 'COUNT', 1, 'STREAMS', 'orders', '>');
  await call(String.raw`'XREADGROUP', 'GROUP', 'g', '\255\254bin', 'COUNT', 1, 'STREAMS', 'orders', '>'`);
});
const UNTOUCHED = [
  ['text', 1],
  ['\xff\xfebin', 1],
];

describe('claim', () => {
  const claim = (...more: string[]) => run(['claim', 'orders', 'g', '--min-idle', '1h', '--yes', ...more]);

  test('refuses a name that is only how qctl shows the bytes of another', async () => {
    for (const more of [[], ['--create-consumer']]) {
      const { code, stdout, stderr } = await claim('--to', PHANTOM, ...more);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toContain(`qctl: ${PHANTOM} is not the name of a consumer as Redis has it`);
    }
    expect(await consumers()).toEqual(UNTOUCHED);
  });

  test('picks nobody by such a name, however lately it was seen', async () => {
    const { code, stderr } = await run([
      'claim',
      'orders',
      'g',
      '--min-idle',
      '1h',
      '--dry-run',
      '-o',
      'json',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { stdout } = await run(['claim', 'orders', 'g', '--min-idle', '1h', '--dry-run', '-o', 'json']);
    expect(JSON.parse(stdout).to).toMatchObject({ consumer: 'text', chosen: 'latest' });
    await redis.client.call('XGROUP', 'DELCONSUMER', 'orders', 'g', 'text');
    const alone = await claim();
    expect(alone).toMatchObject({ code: 3, stderr: expect.stringContaining('no consumer of group g') });
    expect(await consumers()).toEqual([['\xff\xfebin', 1]]);
  });
});

test('consumer reap leaves one out that it could not name, and says so', async () => {
  const argv = [
    'consumer',
    'reap',
    'orders',
    'g',
    '--min-idle',
    '1ms',
    '--yes',
    '--to',
    'new',
    '--create-consumer',
  ];
  await untilIdle(redis.client, ['orders', 'g', 'text'], 2);
  const { code, stdout, stderr } = await run([...argv, '-o', 'json']);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^qctl: left out: 1 consumer whose name is no UTF-8 text\n/);
  expect(JSON.parse(stdout).items).toMatchObject([{ consumer: 'text', outcome: 'deleted' }]);
  expect(await consumers()).toEqual([
    ['new', 1],
    ['\xff\xfebin', 1],
  ]);
});

describe('streams that nobody can name', () => {
  beforeEach(async () => {
    for (const name of ['\\255a', '\\255b']) {
      await call(`'XADD', '${name}', '1-0', 'n', '1'`);
      await call(`'XGROUP', 'CREATE', '${name}', 'g', '0'`);
    }
  });
  const NOTE = 'qctl: left out: 2 streams whose names are no UTF-8 text\n';

  test.each([
    ['stream ls'],
    ['stream ls *'],
    ['group ls'],
    ['pending * g'],
    ['consumer ls *'],
    ['stream info *'],
  ])('are left out of %s, which says so once', async (line) => {
    const { code, stdout, stderr } = await run([...line.split(' '), '-o', 'json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: NOTE });
    expect(stdout).toContain('"orders"');
    expect((await run([...line.split(' '), '--quiet'])).stderr).toBe('');
  });
});

test('a group that nobody can name does not keep the others from being shown', async () => {
  await call(String.raw`'XGROUP', 'CREATE', 'orders', '\255g', '0'`);
  const listed = await run(['consumer', 'ls', 'orders', '-o', 'json']);
  expect(listed).toMatchObject({ code: 0, stderr: 'qctl: left out: 1 group whose name is no UTF-8 text\n' });
  expect(JSON.parse(listed.stdout).items).toHaveLength(2);
  const info = JSON.parse((await run(['stream', 'info', 'orders', '-o', 'json'])).stdout);
  expect(info.groups.map(({ members }: { members: unknown[] }) => members.length)).toEqual([2, 0]);
});
