import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { type CommandSetting, runCommand } from './run-command.ts';

const redis = new Redis(sharedRedisUrl());
const start = Date.parse('2026-11-21T09:00:00Z');
const id = (n: number) => `${start + n}-0`;
const prefix = uniqueName('tail');
const [orders, other] = [`${prefix}:orders`, `${prefix}:other`];

beforeAll(async () => {
  const pipeline = redis.pipeline();
  for (let n = 1; n <= 12; n += 1) pipeline.xadd(orders, id(n), 'type', 't', 'body', `{"n":${n}}`);
  pipeline
    .xadd(orders, id(13), 'type', 'last', 'body', Buffer.from([0, 255]), 'attempts', '2', 'priority', 'high')
    .xadd(other, '5-0', 'text', 'early')
    .xadd(other, id(12), 'text', 'same id')
    .xgroup('CREATE', orders, 'workers', id(9))
    .xreadgroup('GROUP', 'workers', 'w1', 'COUNT', 2, 'STREAMS', orders, '>')
    .xack(orders, 'workers', id(10));
  await pipeline.exec();
});
afterAll(() => redis.disconnect());

const tail = (line: string, setting: CommandSetting = {}) =>
  runCommand(['stream', 'tail', ...line.split(' ').filter(Boolean)], setting);
/** The ids that were printed. */
async function idsOf(line: string): Promise<string[]> {
  const { stdout } = await tail(`${line} -o ndjson`);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text).id);
}
const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => id(from + at));

describe('stream tail', () => {
  test('shows the last entries, fields one below the other', async () => {
    expect(await tail(`${orders} --limit 2`, { columns: 100 })).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        `${id(12)}  2026-11-21T09:00:00.012Z`,
        '  type: t',
        '  body:',
        '    {',
        '      "n": 12',
        '    }',
        '',
        `${id(13)}  2026-11-21T09:00:00.013Z`,
        '  type: last',
        '  body: \\x00\\xff',
        '  attempts: 2',
        '  priority: high',
        '',
      ].join('\n'),
    });
    expect((await tail(`${orders} --limit 2`)).stdout).toContain('  body: {"n":12}\n');
  });

  test('shows ten of them unless it is told otherwise', async () => {
    expect(await idsOf(orders)).toEqual(ids(4, 13));
    expect(await idsOf(`${orders} --limit 3`)).toEqual(ids(11, 13));
    expect(await idsOf(`${orders} --limit 0`)).toEqual([]);
    expect(await idsOf(`${orders} --limit 99`)).toEqual(ids(1, 13));
  });

  test.each([
    ['start', 1, 13],
    ['end', 1, 0],
    [`${start + 11}-0`, 11, 13],
    ['2026-11-21T09:00:00.008Z', 8, 13],
    ['start --limit 4', 1, 4],
  ])('begins at %s where that is asked for', async (from, first, last) => {
    expect(await idsOf(`${orders} --from ${from}`)).toEqual(ids(first, last));
  });

  test('begins so long ago by the clock of the server', async () => {
    const stream = uniqueName('ago');
    const now = Date.now();
    for (const ms of [now - 7_200_000, now - 1_800_000, now]) await redis.xadd(stream, `${ms}-0`, 'n', '1');
    expect(await idsOf(`${stream} --from 1h`)).toEqual([`${now - 1_800_000}-0`, `${now}-0`]);
  });

  test('prints a line for each entry, cut on a terminal alone', async () => {
    const lines = [
      `${id(12)}  2026-11-21T09:00:00.012Z  type=t  body={"n":12}`,
      `${id(13)}  2026-11-21T09:00:00.013Z  type=last  body=\\x00\\xff  attempts=2  priority=high`,
    ];
    const compact = `${orders} --limit 2 --compact`;
    expect((await tail(compact)).stdout).toBe(`${lines.join('\n')}\n`);
    const cut = lines.map((line) => (line.length > 70 ? `${line.slice(0, 69)}…` : line));
    expect((await tail(compact, { columns: 70 })).stdout).toBe(`${cut.join('\n')}\n`);
    expect((await tail(`${compact} --full`, { columns: 70 })).stdout).toBe(`${lines.join('\n')}\n`);
  });

  test('shows entries of several streams in the order of their ids, with their names', async () => {
    const lines = [
      `5-0  ${other}  text=early`,
      `${id(11)}  2026-11-21T09:00:00.011Z  ${orders}  type=t  body={"n":11}`,
      `${id(12)}  2026-11-21T09:00:00.012Z  ${orders}  type=t  body={"n":12}`,
      `${id(12)}  2026-11-21T09:00:00.012Z  ${other}  text=same id`,
    ];
    const both = `${prefix}:* --compact`;
    const { stdout } = await tail(`${both} --from start`);
    const shown = stdout.split('\n');
    expect(shown).toHaveLength(16);
    expect(shown[0]).toBe(lines[0]);
    expect(shown.slice(11, 14)).toEqual(lines.slice(1));
    expect(await idsOf(`${orders} ${other} ${orders} --limit 3`)).toEqual([id(12), id(12), id(13)]);
  });

  const entry = {
    stream: orders,
    id: id(13),
    at: '2026-11-21T09:00:00.013Z',
    fields: { type: 'last', body: { base64: 'AP8=' }, attempts: '2', priority: 'high' },
    body: { base64: 'AP8=' },
    messageType: 'last',
    priority: 'high',
    retryCount: 2,
    correlationId: null,
  };

  test('is a line of JSON for each entry, and names what the configuration says where it stands', async () => {
    const { stdout } = await tail(`${orders} --limit 1 -o ndjson`);
    expect(JSON.parse(stdout)).toEqual({ type: 'entry', ...entry });
    const config = `profiles: { p: { streams: { '${prefix}:*': { entry: { body: type, type: priority, retryCount: type, correlationId: attempts } } } } }\nprofile: p\n`;
    const named = JSON.parse((await tail(`${orders} --limit 1 -o ndjson`, { config })).stdout);
    expect(named).toEqual({
      ...{ type: 'entry', ...entry },
      ...{ body: 'last', messageType: 'high', retryCount: null, correlationId: '2' },
    });
  });

  test('is one document in JSON and in YAML, also where there is nothing', async () => {
    const json = await tail(`${orders} --limit 1 -o json`);
    expect(json.stdout).toBe(`${JSON.stringify({ type: 'entry-list', items: [entry] }, null, 2)}\n`);
    const two = JSON.parse((await tail(`${orders} --limit 2 -o json`)).stdout);
    expect(two.items.map((item: { id: string }) => item.id)).toEqual(ids(12, 13));
    expect(parse((await tail(`${orders} --limit 2 -o yaml`)).stdout)).toEqual(two);
    const none = `${orders} --limit 0 -o`;
    expect((await tail(`${none} json`)).stdout).toBe('{\n  "type": "entry-list",\n  "items": []\n}\n');
    expect(parse((await tail(`${none} yaml`)).stdout)).toEqual({ type: 'entry-list', items: [] });
    expect((await tail(`${none} ndjson`)).stdout).toBe('');
  });

  test('keeps odd texts whole in JSON and in YAML', async () => {
    const stream = uniqueName('odd');
    const texts = ['a\u2028b\nc\n\n', ' # no: comment\n', '', '\ttab\r\n', '- 1', 'ü😀\u0085'];
    for (const [at, text] of texts.entries())
      await redis.xadd(stream, `${at + 1}-0`, 'attempts', '1e3', 'body', text);
    const { items } = JSON.parse((await tail(`${stream} -o json`)).stdout);
    expect(items.map(({ body }: { body: string }) => body)).toEqual(texts);
    // No number of retries.
    expect(items[0].retryCount).toBeNull();
    expect(parse((await tail(`${stream} -o yaml`)).stdout).items).toEqual(items);
    const bodies = parse((await tail(`${stream} -o yaml --field body`)).stdout).items;
    expect(bodies.map(({ fields }: { fields: { body: string } }) => fields.body)).toEqual(texts);
  });

  test('shows chosen fields alone', async () => {
    expect((await tail(`${orders} --limit 1 --field priority --field type --compact`)).stdout).toBe(
      `${id(13)}  2026-11-21T09:00:00.013Z  type=last  priority=high\n`,
    );
    expect(JSON.parse((await tail(`${orders} --limit 1 --field type -o ndjson`)).stdout)).toEqual({
      type: 'entry',
      stream: orders,
      id: id(13),
      at: '2026-11-21T09:00:00.013Z',
      fields: { type: 'last' },
    });
  });

  test('of a group shows what it has not been given', async () => {
    expect((await tail(`${orders} --group workers --field type --compact`)).stdout).toBe(
      [
        `${id(12)}  2026-11-21T09:00:00.012Z  undelivered  type=t`,
        `${id(13)}  2026-11-21T09:00:00.013Z  undelivered  type=last`,
        '',
      ].join('\n'),
    );
  });

  test('says of each entry what a group did with it', async () => {
    const { stdout } = await tail(`${orders} --group workers --from ${id(9)} --field type --compact`);
    expect(stdout.replace(/\d+(ms|\.\ds) ago/, 'T ago')).toBe(
      [
        `${id(9)}  2026-11-21T09:00:00.009Z  acknowledged  type=t`,
        `${id(10)}  2026-11-21T09:00:00.010Z  acknowledged  type=t`,
        `${id(11)}  2026-11-21T09:00:00.011Z  pending with w1, delivered once, T ago  type=t`,
        `${id(12)}  2026-11-21T09:00:00.012Z  undelivered  type=t`,
        `${id(13)}  2026-11-21T09:00:00.013Z  undelivered  type=last`,
        '',
      ].join('\n'),
    );
    const json = await tail(`${orders} --group workers --from ${id(11)} --limit 1 --field type -o ndjson`);
    expect(JSON.parse(json.stdout)).toEqual({
      type: 'entry',
      stream: orders,
      id: id(11),
      at: '2026-11-21T09:00:00.011Z',
      state: 'pending',
      consumer: 'w1',
      idleMs: expect.any(Number),
      deliveries: 1,
      fields: { type: 't' },
    });
  });

  test('of a group reads the streams that have it, and fails where none does', async () => {
    expect(await idsOf(`${prefix}:* --group workers`)).toEqual(ids(12, 13));
    const { code, stderr } = await tail(`${orders} --group worker`);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `qctl: stream ${orders} has no group worker\n  hint: did you mean workers?\n  hint: its groups: workers\n`,
    });
  });

  test('changes nothing', async () => {
    const look = async () => [
      await redis.xinfo('GROUPS', orders),
      await redis.xlen(orders),
      await redis.xpending(orders, 'workers'),
    ];
    const before = await look();
    for (const more of ['', '--group workers', '--group workers --from start'])
      await tail(`${orders} ${more}`);
    expect(await look()).toEqual(before);
  });

  test('takes the stream of the environment where none is named', async () => {
    const { stdout } = await tail('--limit 1 --compact --field type', { env: { REDIS_STREAM_NAME: orders } });
    expect(stdout).toBe(`${id(13)}  2026-11-21T09:00:00.013Z  type=last\n`);
    expect((await tail('')).code).toBe(2);
  });

  test('writes a file whole, as wide as a pipe, for its owner alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qctl-tail-'));
    const path = join(folder, 'entries');
    const end = await tail(`${orders} --limit 1 --compact --out-file ${path}`, { columns: 40 });
    expect(end).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await readFile(path, 'utf8')).toBe((await tail(`${orders} --limit 1 --compact`)).stdout);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['entries']);
  });

  test.each([
    ['--from yesterday', 'BAD_POSITION', 'yesterday is no place in a stream'],
    ['--follow -o json', 'FOLLOW_CONFLICT', '-o json is one document, --follow has no end'],
    ['--follow --out-file x', 'FOLLOW_CONFLICT', '--out-file is written at the end, --follow has none'],
  ])('refuses %s before it connects', async (flags, _code, message) => {
    const { code, stdout, stderr } = await tail(`${orders} ${flags}`, { url: 'redis://127.0.0.1:1' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  test('of a stream that is not there is an error', async () => {
    const { code, stdout, stderr } = await tail(`${prefix}:ordres`);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.split('\n')[0]).toMatch(`qctl: there is no stream ${prefix}:ordres (redis://`);
  });
});
