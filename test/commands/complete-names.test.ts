import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { complete } from '../../commands/complete.ts';
import { runQctl } from '../support/qctl.ts';
import { startRedis } from '../support/redis.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

const TAG = uniqueName('tab');
const redis = new Redis(sharedRedisUrl());
// As if the process had just begun, however long these tests have been at it.
const env = { QCTL_REDIS_URL: sharedRedisUrl(), QCTL_COMPLETION_TIMEOUT: '1h' };
let folder: string;
let config: string;

const CONFIG = `
profiles:
  live:
    redis: { url: '${sharedRedisUrl()}' }
    sources:
      alerts: { kind: postgres, url: postgres://db/app, table: alerts, stream: ${TAG}:alerts }
      hooks: { kind: sqs, queueUrl: https://sqs.us-east-1.amazonaws.com/1/hooks }
    streams: { '${TAG}:configured': { group: workers }, '${TAG}:*': {} }
    breakers: { ${TAG}-api: {} }
    alerts:
      channels: { night: { kind: command, run: [cat] } }
      rules: [{ name: lag-high, metric: redis.lag }]
  staging: {}
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qctl-complete-'));
  config = join(folder, 'qctl.yaml');
  await writeFile(config, CONFIG);
  await redis.xgroup('CREATE', `${TAG}:events`, 'workers', '$', 'MKSTREAM');
  await redis.xgroup('CREATE', `${TAG}:events`, 'audit', '0');
  await redis.xadd(`${TAG}:events`, '*', 'a', '1');
  await redis.call('XREADGROUP', 'GROUP', 'audit', 'host@1', 'STREAMS', `${TAG}:events`, '>');
  await redis.xadd(`${TAG}:with space`, '*', 'a', '1');
  await redis.xadd(Buffer.concat([Buffer.from(`${TAG}:`), Buffer.from([0xff])]), '*', 'a', '1');
  await redis.xadd(`${TAG}:two\nlines`, '*', 'a', '1');
  await redis.set(`${TAG}:no-stream`, '1');
  await redis.zadd('qctl:cutovers', 1, `${TAG}-night`);
  await redis.zadd('qctl:cb:index', 1, `${TAG}-stripe`);
  await redis.zadd('qctl:routes', 0, `${TAG}-orders`);
});

afterAll(async () => {
  const members = {
    'qctl:cutovers': [`${TAG}-night`],
    'qctl:cb:index': [`${TAG}-stripe`],
    'qctl:routes': [`${TAG}-orders`],
  };
  for (const [key, names] of Object.entries(members)) await redis.zrem(key, ...names);
  await redis.quit();
});

/** What stands there for these words, of this test alone. */
async function names(words: string[], given: Record<string, string> = env): Promise<string[]> {
  const lines = (await complete(['__complete', ...words], given)).split('\n').filter(Boolean);
  return lines.map((line) => line.split('\t')[0]!);
}

describe('names that Redis knows', () => {
  test('streams: no other keys, none that is no text or has two lines', async () => {
    expect(await names(['stream', 'info', TAG])).toEqual([`${TAG}:events`, `${TAG}:with space`]);
    expect(await names(['drain', 'redis', `--stream=${TAG}:e`])).toEqual([`--stream=${TAG}:events`]);
    expect(await names(['stream', 'info', `${TAG}:[`])).toEqual([]);
  });

  test('groups of the stream on the line, consumers of its group, each with what there is to know', async () => {
    expect(await names(['claim', `${TAG}:events`, ''])).toEqual(['audit', 'workers']);
    expect(await complete(['__complete', 'claim', `${TAG}:events`, 'audit', '--from', ''], env)).toMatch(
      /^host@1\t1 pending, idle for \S+\n$/,
    );
    expect(await names(['claim', `${TAG}:missing`, ''])).toEqual([]);
  });

  test('runs, the newest first, with their states, also where many newer ones are called otherwise', async () => {
    const server = await startRedis();
    const own = new Redis(server.url);
    await own.zadd('qctl:runs', 1, 'orders-1', 2, 'orders-2');
    await own.hset('qctl:run:orders-2', 'state', 'done');
    for (let n = 0; n < 60; n += 1) await own.zadd('qctl:runs', 100 + n, `hooks-${n}`);
    const runs = (begin: string) =>
      complete(['__complete', 'drain', 'status', begin], { ...env, QCTL_REDIS_URL: server.url });
    expect(await runs('orders')).toBe('orders-2\tdone\norders-1\n');
    expect((await runs('')).split('\n').slice(0, 2)).toEqual(['hooks-59', 'hooks-58']);
    await own.quit();
    await server.stop();
  });

  test('cutovers, breakers and routes', async () => {
    expect(await names(['rollback', TAG])).toEqual([`${TAG}-night`]);
    expect(await names(['breaker', 'hold', 'open', TAG])).toEqual([`${TAG}-stripe`]);
    expect(await names(['route', 'set', TAG])).toEqual([`${TAG}-orders`]);
  });

  test('bash is given what it has to insert', async () => {
    const line = `qctl stream info ${TAG}:`;
    expect(await complete(['__complete_bash', ' =:', line], env)).toBe('events\nwith\\ space\n');
  });
});

describe('names that the configuration knows', () => {
  const away = { QCTL_REDIS_URL: 'redis://127.0.0.1:1', QCTL_COMPLETION_TIMEOUT: '1h' };
  const of = (...words: string[]) => names(['--config', config, ...words], { ...away, QCTL_PROFILE: 'live' });

  test('are there while Redis is away', async () => {
    expect(await of('stream', 'info', TAG)).toEqual([`${TAG}:configured`, `${TAG}:alerts`]);
    expect(await of('group', 'delete', `${TAG}:configured`, '')).toEqual(['workers']);
    expect(await of('breaker', 'show', '')).toEqual([`${TAG}-api`]);
    expect(await of('alerts', 'silence', '')).toEqual(['lag-high']);
    expect(await of('alerts', 'test', '')).toEqual(['night']);
  });

  test('sources are those that the command can read', async () => {
    expect(await of('drain', 'postgres', '')).toEqual(['alerts']);
    expect(await of('drain', 'sqs', '')).toEqual(['hooks']);
    expect(await of('verify', '--source', '')).toEqual(['alerts', 'hooks']);
  });

  test('profiles, and names in the Redis of the profile on the line; variables and ~ are filled in', async () => {
    const given = { QCTL_COMPLETION_TIMEOUT: '1h', HOME: folder, WHERE: folder };
    const line = (...words: string[]) => names(words, given);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what stands on the line
    expect(await line('--config', '${WHERE}/qctl.yaml', '--profile', '')).toEqual(['live', 'staging']);
    expect(await line('--config=~/qctl.yaml', '--profile', 'live', 'route', 'set', TAG)).toEqual([
      `${TAG}-orders`,
    ]);
  });
});

describe('where anything is wrong there is nothing, and no word about it', () => {
  test.each([
    ['no Redis', { QCTL_REDIS_URL: 'redis://127.0.0.1:1' }],
    [
      'a wrong password',
      { QCTL_REDIS_URL: sharedRedisUrl(), REDIS_USERNAME: 'nobody', REDIS_PASSWORD: 'no' },
    ],
    ['an address that is none', { QCTL_REDIS_URL: 'nonsense://' }],
    ['a password that a command would print', { QCTL_CONFIG: 'command.yaml' }],
    ['a file that is no configuration', { QCTL_CONFIG: 'broken.yaml' }],
    ['a profile that is not there', { QCTL_REDIS_URL: sharedRedisUrl(), QCTL_PROFILE: 'nobody' }],
  ])('%s', async (_, given) => {
    await writeFile(
      join(folder, 'command.yaml'),
      `profiles: { a: { redis: { url: '${sharedRedisUrl()}', passwordCommand: [touch, '${folder}/asked'] } } }`,
    );
    await writeFile(join(folder, 'broken.yaml'), 'profiles: [');
    const file = (given as { QCTL_CONFIG?: string }).QCTL_CONFIG;
    const settings = { ...given, ...(file && { QCTL_CONFIG: join(folder, file) }) };
    expect(await names(['stream', 'info', TAG], { QCTL_COMPLETION_TIMEOUT: '1h', ...settings })).toEqual([]);
  });

  test('a server that keeps silent holds up no shell: the process ends by itself, well', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const ended = await runQctl(['__complete', 'stream', 'info', ''], {
      env: {
        QCTL_REDIS_URL: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
        REDIS_STREAM_NAME: 'from-environment',
        // Longer than usual: a busy machine may take all of that to start.
        QCTL_COMPLETION_TIMEOUT: '1s',
      },
    });
    expect(ended).toMatchObject({ code: 0, stdout: 'from-environment\n', stderr: '' });
    server.close();
  });

  test('a command that would print the password was not started', () => {
    expect(existsSync(join(folder, 'asked'))).toBe(false);
  });
});
