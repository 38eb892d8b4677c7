import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTcpProxy } from '../support/proxy.ts';
import { runQctl, spawnQctl } from '../support/qctl.ts';
import { waitFor } from '../support/wait.ts';
import { type DlqServer, onBoth, startDlqServer } from './dlq-driver.ts';

let server: DlqServer;
let folder: string;
const SOME_BYTES = Buffer.from([0xff, 0x00, 0x0a]);

beforeAll(async () => {
  server = await startDlqServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.reset();
  folder = mkdtempSync(join(tmpdir(), 'qctl-export-'));
});

async function seed(): Promise<void> {
  await server.reset();
  await server.die(48);
  await server.redis.call('XADD', 'orders:dead', server.idAt(2), 'reason', 'boom', 'bytes', SOME_BYTES);
}

const LINES = [
  {
    ...{ type: 'dead-letter', stream: 'orders:dead', id: 'HOURS-AGO-048-1', madeBy: 'qctl' },
    ...{ reason: 'max-deliveries', originalStream: 'orders', originalId: '1-1', group: 'workers' },
    ...{ consumer: 'w1', deliveries: 3, firstSeenAt: 'TIME-HOURS-AGO-000000049' },
    ...{ lastDeliveredAt: 'TIME-HOURS-AGO-000000048', deadAt: 'TIME-HOURS-AGO-000000048' },
    ...{ messageType: 'created', priority: null, correlationId: null, retryCount: null, payloadBytes: 40 },
    fields: {
      ...{ 'dlq.fields': '10', 'dlq.reason': 'max-deliveries', 'dlq.stream': 'orders', 'dlq.id': '1-1' },
      ...{ 'dlq.group': 'workers', 'dlq.consumer': 'w1', 'dlq.deliveries': '3' },
      'dlq.firstSeenAt': 'TIME-HOURS-AGO-000000049',
      'dlq.lastDeliveredAt': 'TIME-HOURS-AGO-000000048',
      'dlq.deadAt': 'TIME-HOURS-AGO-000000048',
      ...{ id: 'm48', body: 'x'.repeat(20), type: 'created' },
    },
  },
  {
    ...{ type: 'dead-letter', stream: 'orders:dead', id: 'HOURS-AGO-002-0', madeBy: 'other', reason: 'boom' },
    ...{ originalStream: null, originalId: null, group: null, consumer: null, deliveries: null },
    ...{ firstSeenAt: null, lastDeliveredAt: null, deadAt: 'TIME-HOURS-AGO-000000002', messageType: null },
    ...{ priority: null, correlationId: null, retryCount: null, payloadBytes: 18 },
    fields: { reason: 'boom', bytes: { base64: SOME_BYTES.toString('base64') } },
  },
];
const parsed = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Runs a line of shell in which `qctl` is the built binary; gives back what it printed. */
function shell(line: string): Promise<[stdout: string, stderr: string]> {
  const env = { PATH: process.env.PATH, HOME: folder, NODE: process.execPath, URL: server.url };
  return new Promise((resolve) => {
    const script = `qctl() { "$NODE" bin/qctl.js "$@"; }; ${line}`;
    execFile('bash', ['-c', script], { env }, (_error, stdout, stderr) => resolve([stdout, stderr]));
  });
}

describe('dlq export', () => {
  test('prints one dead letter a line, whatever the format of results', async () => {
    const [pipe, terminal] = await onBoth(server, 'dlq export orders', seed);
    expect({ ...pipe, stdout: parsed(pipe.stdout) }).toEqual({ code: 0, stderr: '', stdout: LINES });
    expect(terminal).toEqual(pipe);
    expect(await server.run('dlq export orders -o json')).toEqual(pipe);
  });

  test('takes the chosen ones', async () => {
    await seed();
    const chosen = async (line: string) => parsed((await server.run(`dlq export orders ${line}`)).stdout);
    expect(await chosen('--reason max*')).toEqual([LINES[0]]);
    expect(await chosen('--since 1d')).toEqual([LINES[1]]);
    expect(await chosen('--limit 1')).toEqual([LINES[0]]);
    const missing = await server.run(`dlq export orders ${server.idAt(2)} 9-9`);
    expect([missing.code, parsed(missing.stdout), missing.stderr]).toEqual([
      8,
      [LINES[1]],
      '1 of the ids are not there: 9-9\n',
    ]);
  });

  test('into a file, for its owner alone; what is printed is what was done', async () => {
    await seed();
    const file = join(folder, 'o.ndjson');
    const plain = (await server.run('dlq export orders')).stdout;
    const end = await server.run(['dlq', 'export', 'orders', '--out-file', file]);
    const written = await readFile(file, 'utf8');
    expect(end).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: `\
exported  2 dead letters
to        ${file}, ${(written.length / 1024).toFixed(1)} KiB
up to     HOURS-AGO-002-0
note delete just these with: qctl dlq purge orders --until HOURS-AGO-002-0
`,
    });
    expect(written.trimEnd().split('\n')).toHaveLength(2);
    expect(written.length).toBe(plain.length);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const packed = `${file}.gz`;
    const json = await server.run(['dlq', 'export', 'orders', '--out-file', packed, '-o', 'json']);
    const fileBytes = (await stat(packed)).size;
    expect(JSON.parse(json.stdout)).toEqual({
      ...{ type: 'export-report', file: packed, exported: 2, fileBytes, kept: false, missingIds: [] },
      streams: [
        {
          ...{ stream: 'orders:dead', exported: 2, lastId: 'HOURS-AGO-002-0' },
          purge: 'qctl dlq purge orders --until HOURS-AGO-002-0',
        },
      ],
      ...{ tooManyFields: 0, tooManyFieldsIds: [] },
    });
    expect(gunzipSync(await readFile(packed)).toString()).toBe(written);
    expect(await readdir(folder)).toEqual(['o.ndjson', 'o.ndjson.gz']);
  });

  test('that cannot be written leaves what was there, and nothing half', async () => {
    await seed();
    const missing = await server.run([
      'dlq',
      'export',
      'orders',
      '--out-file',
      join(folder, 'no', 'o.ndjson'),
    ]);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      `qctl: cannot write ${join(folder, 'no', 'o.ndjson')}: ENOENT\n  hint: check that the folder exists and may be written to, and that there is room\n`,
    ]);
    const file = join(folder, 'o.ndjson');
    await writeFile(file, 'before');
    await server.redis.set('text:dead', 'no stream');
    const failed = await server.run(['dlq', 'export', 'text:dead', '--out-file', file]);
    expect(failed.code).toBe(7);
    expect([await readFile(file, 'utf8'), await readdir(folder)]).toEqual(['before', ['o.ndjson']]);
  });

  test('of nothing says so; into a file it is an empty one', async () => {
    expect(await server.run('dlq export orders')).toEqual({
      ...{ code: 0, stdout: '', stderr: 'there is nothing to export\n' },
    });
    const file = join(folder, 'o.ndjson');
    await server.run(['dlq', 'export', 'orders', '--out-file', file]);
    expect(await readFile(file, 'utf8')).toBe('');
  });

  test('of nothing leaves the copy that is there as it is, and says so', async () => {
    await seed();
    const file = join(folder, 'o.ndjson.gz');
    const line = ['dlq', 'export', 'orders', '--out-file', file];
    await server.run(line);
    const copy = await readFile(file);
    await server.run('dlq purge orders --all --yes');
    expect(await server.run(line)).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: `exported  0 dead letters\nkept      ${file} as it was\n`,
    });
    expect(JSON.parse((await server.run([...line, '-o', 'json'])).stdout)).toEqual({
      ...{ type: 'export-report', file, exported: 0, fileBytes: null, kept: true, streams: [] },
      ...{ missingIds: [], tooManyFields: 0, tooManyFieldsIds: [] },
    });
    expect(await readFile(file)).toEqual(copy);
    expect(await readdir(folder)).toEqual(['o.ndjson.gz']);
  });

  test.each([
    ['everything', 'orders', '2'],
    ['the first few', 'orders --limit 1', '1'],
    ['what a relative time chooses', 'orders --until 1h --since 3h', '1'],
    ['what ids choose', 'orders 9-9 ID', '1'],
    ['those of several streams, each with its own end', "'*'", '2'],
  ])('of %s names the purge that deletes just that, not what died since', async (_, words, exported) => {
    await seed();
    await server.die(1, { dead: 'mails:dead' });
    const url = ['--redis-url', server.url];
    const args = words.replace('ID', server.idAt(2)).replaceAll("'", '').split(' ');
    const line = ['dlq', 'export', ...args, '--out-file', join(folder, 'o.gz'), '-o', 'json', ...url];
    const report = JSON.parse((await runQctl(line)).stdout);
    expect(String(report.streams.at(-1).exported)).toBe(exported);
    // Died since, and imported since: dead for long, with an id of now.
    await server.redis.xadd('orders:dead', '*', 'n', 'late');
    const deadAt = new Date(Date.now() - 7_200_000).toISOString();
    await server.redis.xadd('orders:dead', '*', 'dlq.fields', '2', 'dlq.deadAt', deadAt, 'n', 'imported');
    const before = await server.redis.xlen('orders:dead');
    for (const { purge } of report.streams) await shell(`${purge} --yes --redis-url "$URL"`);
    const left = (await server.redis.xrange('orders:dead', '-', '+')).map(([, fields]) => fields.at(-1));
    expect(left.slice(-2)).toEqual(['late', 'imported']);
    expect(before - left.length).toBe(Number(exported));
  });

  test('names what an import would not take back', async () => {
    await server.reset();
    const fields = (count: number) => Array.from({ length: 2 * count }, (_, at) => `f${at}`);
    await server.redis.xadd('orders:dead', server.idAt(2), ...fields(3975));
    await server.redis.xadd('orders:dead', server.idAt(1), ...fields(3976));
    const file = join(folder, 'o.gz');
    const end = await server.run(['dlq', 'export', 'orders', '--out-file', file, '-o', 'json']);
    expect([end.code, end.stderr]).toEqual([
      0,
      "more fields than 'qctl dlq import' takes back (3,975) are in 1 of them; do not purge HOURS-AGO-001-0\n",
    ]);
    expect(JSON.parse(end.stdout)).toMatchObject({
      ...{ exported: 2, tooManyFields: 1, tooManyFieldsIds: ['HOURS-AGO-001-0'] },
      streams: [{ stream: 'orders:dead', exported: 2, lastId: 'HOURS-AGO-001-0', purge: null }],
    });
    expect((await server.run('dlq export orders')).stderr).toBe(end.stderr);
  });

  test('compressed into a pipe, and not onto a terminal', async () => {
    await seed();
    const { code, stderr } = await server.run('dlq export orders --gzip', { columns: 100 });
    expect([code, stderr.split('\n')[0]]).toEqual([2, 'qctl: compressed data is not for a terminal']);
    const file = join(folder, 'piped.gz');
    expect(await shell(`qctl dlq export orders --gzip --redis-url "$URL" > ${file}`)).toEqual(['', '']);
    expect(
      gunzipSync(await readFile(file))
        .toString()
        .split('\n'),
    ).toHaveLength(3);
  });

  test('ends quietly where the reader goes away', async () => {
    const pipeline = server.redis.pipeline();
    for (let n = 0; n < 30; n += 1) pipeline.xadd('orders:dead', '*', 'body', 'x'.repeat(1_000_000));
    await pipeline.exec();
    const line = 'qctl dlq export orders --redis-url "$URL" | head -c 100 | wc -c; echo $PIPESTATUS';
    expect(await shell(line)).toEqual(['100\n0\n', '']);
  });

  test('stopped by a signal puts no half file in place', async () => {
    const pipeline = server.redis.pipeline();
    for (let n = 0; n < 60; n += 1) pipeline.xadd('orders:dead', '*', 'body', 'x'.repeat(1_000_000));
    await pipeline.exec();
    const file = join(folder, 'o.ndjson.gz');
    const child = spawnQctl(['dlq', 'export', 'orders', '--out-file', file, '--redis-url', server.url]);
    await waitFor(async () => (await readdir(folder)).length > 0, { everyMs: 1 });
    child.child.kill('SIGINT');
    const { code, stdout } = await child.done;
    expect([code, stdout, await readdir(folder)]).toEqual([130, '', []]);
  });
});

test('stopped while Redis is away ends at once, and it is no failure', async () => {
  const pipeline = server.redis.pipeline();
  for (let n = 0; n < 60; n += 1) pipeline.xadd('orders:dead', '*', 'body', 'x'.repeat(1_000_000));
  await pipeline.exec();
  const proxy = await startTcpProxy(Number(new URL(server.url).port));
  const url = `redis://127.0.0.1:${proxy.port}`;
  const child = spawnQctl([
    'dlq',
    'export',
    'orders',
    '--out-file',
    join(folder, 'o.gz'),
    '--redis-url',
    url,
  ]);
  await waitFor(async () => (await readdir(folder)).length > 0, { everyMs: 1 });
  proxy.setBlocked(true);
  await waitFor(() => child.stderr().includes('export: waiting for Redis'));
  child.child.kill('SIGINT');
  const { code, stdout, stderr } = await child.done;
  expect([code, stdout, await readdir(folder)]).toEqual([130, '', []]);
  expect(stderr.trimEnd().split('\n').at(-1)).toBe('qctl: stopping');
  await proxy.stop();
});

describe('dlq import', () => {
  let file: string;

  /** Exported, and deleted then. */
  async function exported(): Promise<void> {
    await seed();
    file = join(folder, 'o.ndjson');
    await server.run(['dlq', 'export', 'orders', '--out-file', file]);
    await server.run('dlq purge orders --all --yes');
  }

  const fieldsIn = async (stream: string) =>
    ((await server.redis.callBuffer('XRANGE', stream, '-', '+')) as [Buffer, Buffer[]][]).map(([, fields]) =>
      fields.map((one) => one.toString('latin1')),
    );

  test('brings everything back, and says what was and what is', async () => {
    await seed();
    const before = await fieldsIn('orders:dead');
    await exported();
    const pipe = await server.run(['dlq', 'import', file]);
    expect(pipe).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: `\
STREAM       LINES  IMPORTED-BEFORE  APPENDED  LENGTH
orders:dead      2                0         2  0 -> 2
done in TIME
`,
    });
    expect(await fieldsIn('orders:dead')).toEqual(before);
    const again = await server.run(['dlq', 'import', file], { columns: 100 });
    expect(again).toEqual({
      ...{ code: 0, stderr: 'all of it was imported before; --again appends it once more\n' },
      stdout: `\
STREAM       LINES  IMPORTED-BEFORE  APPENDED  LENGTH
orders:dead      2                2         0  2 -> 2
done in TIME
`,
    });
    const json = await server.run(['dlq', 'import', file, '--again', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual({
      ...{ type: 'import-report', file, entries: 2, appended: 2, importedBefore: 0, stopped: false },
      streams: [
        {
          ...{ stream: 'orders:dead', entries: 2, importedBefore: 0, lengthBefore: 2, appended: 2 },
          lengthNow: 4,
        },
      ],
      ...{ elapsedMs: 0, failure: null },
    });
  });

  test('with --dry-run shows what it would do, and does nothing', async () => {
    await exported();
    expect(await server.run(['dlq', 'import', file, '--dry-run'])).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: `\
STREAM       LINES  IMPORTED-BEFORE  TO-APPEND  LENGTH
orders:dead      2                0          2       0
`,
    });
    const json = await server.run(['dlq', 'import', file, '--to', 'new:dead', '--dry-run', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual({
      ...{ type: 'import-plan', file, entries: 2, toAppend: 2 },
      streams: [{ stream: 'new:dead', entries: 2, importedBefore: 0, lengthBefore: 0 }],
    });
    expect(await server.redis.keys('*')).toEqual(expect.arrayContaining(['orders', 'orders:dead']));
    expect(await server.redis.dbsize()).toBe(2);
  });

  test('takes compressed files by their content, and another stream', async () => {
    await exported();
    const packed = join(folder, 'packed');
    await writeFile(packed, gzipSync(await readFile(file)));
    expect((await server.run(['dlq', 'import', packed, '--to', 'new:dead'])).code).toBe(0);
    expect(await server.redis.xlen('new:dead')).toBe(2);
    // The same lines, not compressed.
    expect((await server.run(['dlq', 'import', file, '--to', 'new:dead', '--quiet'])).stderr).toBe('');
    expect(await server.redis.xlen('new:dead')).toBe(2);
  });

  test('reads stdin and pipes, and leaves no copy of them behind', async () => {
    await exported();
    const content = await readFile(file);
    const env = { TMPDIR: mkdtempSync(join(tmpdir(), 'qctl-tmp-')) };
    const connection = ['--redis-url', server.url];
    const plain = await runQctl(['dlq', 'import', '-', ...connection], { input: content, env });
    expect([plain.code, plain.stderr]).toEqual([0, '']);
    expect(await server.redis.xlen('orders:dead')).toBe(2);
    const packed = await runQctl(['dlq', 'import', '-', ...connection], { input: gzipSync(content), env });
    expect([packed.code, packed.stdout.split('\n')[1]!.split(/ +/).slice(2, 4)]).toEqual([0, ['2', '0']]);
    const line = `TMPDIR=${env.TMPDIR} qctl dlq import <(cat ${file}; echo nonsense) --redis-url "$URL"`;
    const [, bad] = await shell(line);
    expect(bad.split('\n')[0]).toMatch(/^qctl: line 3 of \/dev\/fd\/\d+ is no whole line of JSON; nothing/);
    expect(await readdir(env.TMPDIR)).toEqual([]);
  });

  test('of an empty file says that it holds no dead letters', async () => {
    const empty = join(folder, 'empty.ndjson');
    await writeFile(empty, '\n');
    const end = { code: 0, stderr: '', stdout: `${empty} holds no dead letters\n` };
    expect(await server.run(['dlq', 'import', empty])).toEqual(end);
    expect(await server.run(['dlq', 'import', empty, '--dry-run'])).toEqual(end);
    const json = await server.run(['dlq', 'import', empty, '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual({
      ...{ type: 'import-report', file: empty, entries: 0, appended: 0, importedBefore: 0, streams: [] },
      ...{ stopped: false, elapsedMs: 0, failure: null },
    });
  });

  test('that Redis refuses in the middle says how far it came', async () => {
    await exported();
    await server.redis.xadd('orders:dead', '18446744073709551615-18446744073709551614', 'n', '-1');
    const { code, stdout, stderr } = await server.run(['dlq', 'import', file]);
    expect([code, stdout]).toEqual([
      7,
      `\
STREAM       LINES  IMPORTED-BEFORE  APPENDED        LENGTH
orders:dead      2                0         1  1 -> unknown
failed with 1 of 2 lines there; the same command goes on
`,
    ]);
    expect(stderr).toMatch(/^qctl: cannot append to stream orders:dead .*exhausted/);
  });

  test('of what still stands there is refused before anything changes', async () => {
    await seed();
    file = join(folder, 'o.ndjson');
    await server.run(['dlq', 'export', 'orders', '--out-file', file]);
    expect(await server.run(['dlq', 'import', file])).toEqual({
      ...{ code: 3, stdout: '' },
      stderr: `\
qctl: 2 of the first 2 dead letters of ${file} still stand in orders:dead: they would be there twice
  hint: delete them first with 'qctl dlq purge', or name another stream with --to
  hint: --again imports them all the same
`,
    });
    expect(await server.redis.xlen('orders:dead')).toBe(2);
    const piped = await runQctl(['dlq', 'import', '-', '--redis-url', server.url], {
      input: await readFile(file),
    });
    expect([piped.code, piped.stderr.split('\n')[0]]).toEqual([
      3,
      'qctl: 2 of the first 2 dead letters of stdin still stand in orders:dead: they would be there twice',
    ]);
    expect((await server.run(['dlq', 'import', file, '--again'])).stdout).toContain('2 -> 4');
  });

  test('goes on behind a deleted first part with --continue, and never both ways at once', async () => {
    await exported();
    await server.run(['dlq', 'import', file]);
    const [mark] = await server.redis.keys('qctl:*import*');
    await server.redis.set(mark!, 1);
    await server.redis.xtrim('orders:dead', 'MAXLEN', 0);
    const refused = await server.run(['dlq', 'import', file]);
    expect([refused.code, refused.stderr]).toEqual([
      3,
      `\
qctl: nothing was imported of ${file}: the first 1 of 2 lines were imported before, and orders:dead holds 0 now: what was imported has been deleted or replayed
  hint: --again begins anew with the first line
  hint: --continue goes on behind those 1, where they were replayed or deleted on purpose
`,
    ]);
    const both = await server.run(['dlq', 'import', file, '--again', '--continue']);
    expect([both.code, both.stderr.split('\n')[0]]).toEqual([
      2,
      'qctl: --again begins anew, --continue goes on',
    ]);
    expect((await server.run(['dlq', 'import', file, '--continue'])).stdout).toContain('0 -> 1');
    expect((await fieldsIn('orders:dead'))[0]![0]).toBe('reason');
  });

  test('names a bad line and changes nothing', async () => {
    await exported();
    await writeFile(file, `${await readFile(file, 'utf8')}{"type":"dead-letter","str`);
    const end = await server.run(['dlq', 'import', file]);
    expect(end).toEqual({
      ...{ code: 3, stdout: '' },
      stderr: `\
qctl: line 3 of ${file} is no whole line of JSON; nothing was imported
  hint: an import takes what 'qctl dlq export' has written, whole
  hint: mend the line or take it out
`,
    });
    expect(await server.redis.xlen('orders:dead')).toBe(0);
  });

  test('of a file that is missing, a folder, or damaged says what is wrong with it', async () => {
    await exported();
    const cut = join(folder, 'cut.gz');
    await writeFile(cut, gzipSync(await readFile(file)).subarray(0, -20));
    const errorOf = async (path: string) => {
      const { code, stderr } = await server.run(['dlq', 'import', path]);
      return [code, stderr.split('\n')[0]];
    };
    const missing = join(folder, 'missing');
    expect(await errorOf(missing)).toEqual([1, `qctl: cannot read ${missing}: ENOENT`]);
    expect(await errorOf(folder)).toEqual([1, `qctl: cannot read ${folder}: EISDIR`]);
    expect(await errorOf(cut)).toEqual([
      1,
      `qctl: cannot read ${cut}: its compressed data is damaged or cut off`,
    ]);
    expect(await server.redis.xlen('orders:dead')).toBe(0);
  });
});
