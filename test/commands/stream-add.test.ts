import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, test } from 'vitest';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { type CommandSetting, runCommand } from './run-command.ts';

const redis = new Redis(sharedRedisUrl());
afterAll(() => redis.disconnect());

const add = (argv: string[], setting: CommandSetting = {}) => runCommand(['stream', 'add', ...argv], setting);
const entries = async (stream: string) =>
  ((await redis.callBuffer('XRANGE', stream, '-', '+')) as [Buffer, Buffer[]][]).map(([id, flat]) => [
    id.toString(),
    flat.map((bytes) => bytes.toString('latin1')),
  ]);
async function existing(): Promise<string> {
  const stream = uniqueName('add');
  await redis.xadd(stream, '1-0', 'n', '0');
  return stream;
}

describe('stream add', () => {
  test('adds an entry and prints its id, on a terminal and in a pipe', async () => {
    const stream = await existing();
    for (const columns of [100, undefined]) {
      const { code, stdout, stderr } = await add([stream, 'type=order', 'body={"a":"b=c"}'], { columns });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toBe(`${(await entries(stream)).at(-1)![0]}\n`);
    }
    expect((await entries(stream)).slice(1).map(([, fields]) => fields)).toEqual(
      Array.from({ length: 2 }, () => ['type', 'order', 'body', '{"a":"b=c"}']),
    );
  });

  test('says in JSON what it added', async () => {
    const stream = await existing();
    const { stdout } = await add([stream, 'n=12', '--id', '7-3', '-o', 'json']);
    expect(JSON.parse(stdout)).toEqual({
      type: 'added-entry',
      stream,
      id: '7-3',
      fields: 1,
      payloadBytes: 3,
      streamCreated: false,
      dryRun: false,
    });
  });

  test('puts the bytes of a file, as they are, into the field that the configuration calls the body', async () => {
    const stream = await existing();
    const path = join(await mkdtemp(join(tmpdir(), 'qctl-add-')), 'body');
    await writeFile(path, Buffer.from([0, 255, 10, 195]));
    await add([stream, 'type=t', '--body-file', path]);
    const config = `profiles: { p: { streams: { '${stream}': { entry: { body: payload } } } } }\nprofile: p\n`;
    await add([stream, 'body=text', '--body-file', path], { config });
    expect((await entries(stream)).slice(1).map(([, fields]) => fields)).toEqual([
      ['body', '\x00\xff\n\xc3', 'type', 't'],
      ['payload', '\x00\xff\n\xc3', 'body', 'text'],
    ]);
  });

  test('refuses a stream that does not exist, and makes it where that is asked for', async () => {
    const stream = uniqueName('typo');
    const { code, stdout, stderr } = await add([stream, 'n=1']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(
        `^qctl: there is no stream ${stream} \\(redis://.*\\)\\n(.*\\n)*  hint: --create makes it\\n$`,
      ),
    );
    expect(await redis.exists(stream)).toBe(0);
    const { stdout: made } = await add([stream, 'n=1', '--create', '-o', 'json']);
    expect(JSON.parse(made).streamCreated).toBe(true);
    expect(await redis.xlen(stream)).toBe(1);
  });

  test('with --dry-run says what it would add, and adds nothing', async () => {
    const stream = uniqueName('dry');
    expect(await add([stream, 'n=1', 'm=22', '--create', '--dry-run'])).toEqual({
      code: 0,
      stdout: [
        `would be added to  ${stream}, which would be made`,
        'id                 given out by Redis',
        'fields             2, 5 B',
        '',
      ].join('\n'),
      stderr: '',
    });
    expect(JSON.parse((await add([stream, 'n=1', '--create', '--dry-run', '-o', 'json'])).stdout)).toEqual({
      type: 'added-entry',
      stream,
      id: null,
      fields: 1,
      payloadBytes: 2,
      streamCreated: true,
      dryRun: true,
    });
    expect((await add([stream, 'n=1', '--dry-run'])).code).toBe(1);
    expect(await redis.exists(stream)).toBe(0);
  });

  test('with an id that the stream is past changes nothing, also with --dry-run', async () => {
    const stream = await existing();
    for (const more of [[], ['--dry-run']]) {
      expect(await add([stream, 'n=1', '--id', '1-0', ...more])).toEqual({
        code: 1,
        stdout: '',
        stderr: `qctl: id 1-0 is not above the last id of stream ${stream}, 1-0\n  hint: leave the id out: Redis gives one out by its clock\n`,
      });
    }
    expect(await redis.xlen(stream)).toBe(1);
  });

  test.each([
    [['novalue'], 'novalue is no field'],
    [['=1'], '=1 is no field'],
    [[], 'an entry needs at least one field'],
    [['n=1', '--id', 'x'], 'x is no id of an entry'],
  ])('refuses %j before it connects', async (argv, message) => {
    const { code, stdout, stderr } = await add(['s', ...argv], { url: 'redis://127.0.0.1:1' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(`qctl: ${message}`);
  });

  test('refuses a body that is given twice, and a file that cannot be read', async () => {
    const stream = await existing();
    const twice = await add([stream, 'body=1', '--body-file', '/dev/null']);
    expect([twice.code, twice.stderr.split('\n')[0]]).toEqual([2, 'qctl: field body is given twice']);
    const missing = await add([stream, '--body-file', '/does/not/exist']);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      'qctl: cannot read /does/not/exist: ENOENT\n  hint: check the path, and that the file may be read; - takes stdin\n',
    ]);
    expect(await redis.xlen(stream)).toBe(1);
  });

  test('refuses a partitioned stream: which part is meant is not known', async () => {
    const stream = uniqueName('parts');
    const config = `profiles: { p: { streams: { ${stream}: { partitions: 2 } } } }\nprofile: p\n`;
    const { code, stderr } = await add([stream, 'n=1', '--create'], { config });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `qctl: ${stream} means 2 streams; name one\n  hint: it means ${stream}:{0}, ${stream}:{1}\n`,
    });
  });
});
