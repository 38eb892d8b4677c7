import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCommand } from '../commands/run-command.ts';
import { entriesOf, ownDatabase } from '../drain/driver.ts';
import { cleanEnvironment, runQctl, spawnQctl, waitFor } from '../support/qctl.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { freePort } from '../support/server-process.ts';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import { sqsFaultProxy } from '../support/sqs.ts';

const BINARY = fileURLToPath(new URL('../../bin/qctl.js', import.meta.url));

let database: Awaited<ReturnType<typeof ownDatabase>>;
let server: TestRedis;
let redis: Redis;

beforeAll(async () => {
  database = await ownDatabase();
  // A server of its own: some tests watch every command that arrives, or fill its memory.
  server = await startRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

async function tableOf(rows: number, bytes = 10): Promise<string> {
  const table = uniqueName('e').replace('-', '_');
  await database.sql(`CREATE TABLE ${table} (id bigint PRIMARY KEY, payload text)`);
  await database.sql(
    `INSERT INTO ${table} SELECT i, repeat('x', ${bytes}) FROM generate_series(1, ${rows}) i`,
  );
  return table;
}
const rowsIn = async (table: string) =>
  Number((await database.sql<{ n: string }>(`SELECT count(*) AS n FROM ${table}`))[0]!.n);
const ends = () => ['--redis-url', server.url, '--postgres-url', database.url];
const drainArgs = (table: string, stream: string, ...more: string[]) => [
  'drain',
  'postgres',
  '--table',
  table,
  '--stream',
  stream,
  '--settle',
  '300ms',
  ...ends(),
  ...more,
];
/** Where it is not the process that is looked at: one start fewer. */
const inProcess = (args: string[]) => runCommand(args, { url: server.url });
const idsIn = async (stream: string) =>
  (await entriesOf(stream, server.url)).map((entry) => entry.text('id')!);
const expectOnceEach = async (stream: string, rows: number) => {
  const ids = await idsIn(stream);
  expect(ids).toHaveLength(rows);
  expect(new Set(ids).size).toBe(rows);
};

describe('--dry-run', () => {
  /** Every key with its content, as bytes. */
  const content = async () => {
    const keys = (await redis.keys('*')).sort();
    return Promise.all(keys.map(async (key) => [key, (await redis.dumpBuffer(key))?.toString('base64')]));
  };
  const writes = async () => {
    const stats = await redis.info('commandstats');
    const names = [...stats.matchAll(/cmdstat_([a-z|_-]+):calls=(\d+)/gi)].map(
      ([, name, calls]) => [name!, calls!] as const,
    );
    const answers = (await redis.call('COMMAND', 'INFO', ...names.map(([name]) => name.split('|')[0]!))) as (
      | [string, number, string[]]
      | null
    )[];
    const writing = names.filter(
      (_, i) => answers[i]?.[2].includes('write') || /^(eval|fcall|script)/.test(names[i]![0]),
    );
    return Object.fromEntries(writing);
  };

  test('of a table shows the plan and changes nothing anywhere', async () => {
    const table = await tableOf(50);
    const stream = uniqueName('dry');
    await redis.xadd(stream, '*', 'was', 'there');
    const before = [
      await content(),
      await writes(),
      await database.sql(`SELECT xmin::text, xmax::text, * FROM ${table}`),
    ];
    const { code, stdout } = await inProcess(
      drainArgs(table, stream, '--dry-run', '-o', 'json', '--create-group', 'g'),
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'plan',
      kind: 'new',
      mode: 'move',
      stream,
      depth: { ready: 50 },
    });
    expect([
      await content(),
      await writes(),
      await database.sql(`SELECT xmin::text, xmax::text, * FROM ${table}`),
    ]).toEqual(before);
  });

  test('of a queue receives nothing', async () => {
    const proxy = await sqsFaultProxy(sharedSqs().endpoint);
    const queueUrl = await sharedSqs().createQueue(uniqueName('dry'));
    await sharedSqs().send(queueUrl, ['a', 'b']);
    const before = [await content(), await writes()];
    const { code, stdout } = await runQctl([
      'drain',
      'sqs',
      '--queue-url',
      queueUrl,
      '--sqs-endpoint',
      proxy.endpoint,
      '--region',
      'us-east-1',
      '--stream',
      uniqueName('dry'),
      '--redis-url',
      server.url,
      '--dry-run',
    ]);
    await proxy.stop();
    expect(code).toBe(0);
    expect(stdout).toMatch(/to drain\s+2 messages/);
    // Rights are asked for with a receipt handle that no message has.
    expect(Object.keys(proxy.stats.calls).sort()).toEqual([
      'ChangeMessageVisibility',
      'DeleteMessage',
      'GetQueueAttributes',
    ]);
    expect(proxy.stats.calls).toMatchObject({ ChangeMessageVisibility: 1, DeleteMessage: 1 });
    expect(await sharedSqs().depth(queueUrl)).toMatchObject({ visible: 2, inFlight: 0 });
    expect([await content(), await writes()]).toEqual(before);
  });

  test('of a drain that would be refused ends with 3 and shows the plan', async () => {
    const stream = uniqueName('dry');
    await redis.set(stream, 'x');
    const { code, stdout } = await inProcess(drainArgs(await tableOf(1), stream, '--dry-run'));
    expect(code).toBe(3);
    expect(stdout).toContain('holds a string, not a stream');
  });
});

describe('exit codes and what is said', () => {
  test.each([
    [
      '5 where no table is named and no queue is found',
      ['drain', 'postgres', '--stream', 's'],
      5,
      'there is no queue of a known job library',
    ],
    ['2 for a missing stream', ['drain', 'postgres', '--table', 't'], 2, 'no stream is named'],
    [
      '2 for two flags that exclude each other',
      ['drain', 'postgres', '--table', 't', '--stream', 's', '--fresh', '--resume', 'r'],
      2,
      'cannot be used with',
    ],
    ['2 for a duration that is none', ['drain', 'postgres', '--until', 'soon'], 2, 'expected empty'],
    [
      '2 for a durability that is none',
      ['drain', 'postgres', '--durability', 'hope'],
      2,
      'memory, wait:N or aof',
    ],
    ['2 for a mode that is none', ['drain', 'postgres', '--mode', 'steal'], 2, 'expected move or copy'],
    ['2 for a run that is not there', ['drain', 'status', 'nope'], 2, 'there is no run nope'],
    ['2 for verifying a run that is not there', ['verify', 'nope'], 2, 'there is no run nope'],
  ])('%s', async (_, args, code, text) => {
    const isRun = args[0] === 'verify' || args[1] === 'status';
    const result = await inProcess(
      [...args, ...(isRun ? ['--redis-url', server.url] : ends()), '--yes'].filter(
        (arg) => !isRun || arg !== '--yes',
      ),
    );
    expect(result.stderr).toContain(text);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).not.toContain('    at ');
  });

  test('3 without --yes, with nothing done', async () => {
    const table = await tableOf(3);
    const { code, stderr } = await runQctl(drainArgs(table, uniqueName()));
    expect(code).toBe(3);
    expect(stderr).toContain('--yes');
    expect(await rowsIn(table)).toBe(3);
  });

  test('4 for a wrong password, 5 for a wrong table, 6 and 7 for servers that are not there', async () => {
    const table = await tableOf(3);
    const nowhere = await freePort();
    const locked = await startRedis({ password: 'right' });
    const code = async (args: string[]) => (await inProcess([...args, '--yes'])).code;
    const base = ['drain', 'postgres', '--stream', uniqueName()];
    expect(
      await code([
        ...base,
        '--table',
        table,
        '--postgres-url',
        database.url,
        '--redis-url',
        `redis://:wrong@127.0.0.1:${locked.port}`,
      ]),
    ).toBe(4);
    expect(await code([...base, '--table', 'nope', ...ends()])).toBe(5);
    expect(
      await code([
        ...base,
        '--table',
        table,
        '--redis-url',
        server.url,
        '--postgres-url',
        `postgres://postgres@127.0.0.1:${nowhere}/x`,
      ]),
    ).toBe(6);
    expect(
      await code([
        ...base,
        '--table',
        table,
        '--postgres-url',
        database.url,
        '--redis-url',
        `redis://127.0.0.1:${nowhere}`,
      ]),
    ).toBe(7);
    await locked.stop();
    expect(await rowsIn(table)).toBe(3);
  });

  test('8 where something was set aside, and the stream with it is named', async () => {
    const table = await tableOf(3);
    await database.sql(`UPDATE ${table} SET payload = repeat('y', 5000) WHERE id = 2`);
    const { code, stdout } = await inProcess(
      drainArgs(table, uniqueName(), '--max-body-bytes', '1000', '--yes'),
    );
    expect(code).toBe(8);
    expect(stdout).toContain('not converged: 1 message was set aside in quarantine');
    expect(stdout).toMatch(/quarantine\s+qctl:\{/);
  });

  test('10 for a second run of another kind, with the name of the first', async () => {
    const table = await tableOf(3000);
    const first = spawnQctl(
      drainArgs(table, uniqueName('first'), '--rate', '500/s', '--batch', '10', '--yes'),
    );
    await waitFor(() => rowsIn(table).then((rows) => rows < 3000), { what: 'the first to begin' });
    const { code, stderr } = await inProcess(drainArgs(table, uniqueName('second'), '--yes', '-o', 'json'));
    expect(code).toBe(10);
    const error = JSON.parse(stderr.trimEnd().split('\n').at(-1)!);
    expect(error).toMatchObject({ code: 'SOURCE_LOCKED', kind: 'locked', exit: 10 });
    expect(first.stderr()).toContain(error.details.run);
    first.child.kill('SIGKILL');
    await first.done;
  });
});

describe('signals', () => {
  const slow = ['--rate', '400/s', '--batch', '10', '--yes', '-o', 'json'];

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    '%s finishes the batch, reports, ends with %d, and the rest follows later',
    async (signal, exit) => {
      const table = await tableOf(1500);
      const stream = uniqueName('signal');
      const running = spawnQctl(drainArgs(table, stream, ...slow));
      await waitFor(async () => (await redis.xlen(stream)) > 50, { what: 'some entries' });
      running.child.kill(signal);
      const { code, stdout } = await running.done;
      expect(code).toBe(exit);
      const report = JSON.parse(stdout);
      expect(report).toMatchObject({ type: 'report', ending: 'signal', open: 0 });
      expect(report.appended).toBe(await redis.xlen(stream));
      expect(report.settled).toBe(report.appended);
      expect(await rowsIn(table)).toBe(1500 - report.appended);
      const again = await inProcess(drainArgs(table, stream, '--yes', '-o', 'json'));
      expect(again.code).toBe(0);
      expect(JSON.parse(again.stdout)).toMatchObject({ run: report.run, appended: 1500, converged: true });
      await expectOnceEach(stream, 1500);
    },
  );

  test('a second SIGINT ends it at once and says what that means; nothing is lost or doubled', async () => {
    const table = await tableOf(300);
    const stream = uniqueName('hard');
    // A lock on the stream's side would be a mock; a Redis that does not answer holds the batch up for real.
    const running = spawnQctl(drainArgs(table, stream, ...slow));
    await waitFor(async () => (await redis.xlen(stream)) > 50, { what: 'some entries' });
    server.pause();
    try {
      running.child.kill('SIGINT');
      await waitFor(() => /finish|signal|stopp/i.test(running.stderr()), {
        what: 'the first signal to be noticed',
      }).catch(() => undefined);
      running.child.kill('SIGINT');
      const { code } = await running.done;
      expect(code).toBe(130);
      expect(running.stderr()).toContain('stopped at once');
    } finally {
      server.resume();
    }
    expect((await inProcess(drainArgs(table, stream, '--yes'))).code).toBe(0);
    await expectOnceEach(stream, 300);
  });

  test('a reader that goes away does not stop a run between append and settle', async () => {
    const table = await tableOf(2000);
    const stream = uniqueName('pipe');
    const env = { ...cleanEnvironment(), QCTL: BINARY };
    const args = drainArgs(table, stream, '--batch', '50', '--rate', '4000/s', '--yes')
      .map((arg) => `'${arg}'`)
      .join(' ');
    await new Promise<void>((resolve) => {
      execFile('bash', ['-c', `"${process.execPath}" "$QCTL" ${args} 2>&1 | head -1`], { env }, () =>
        resolve(),
      );
    });
    // The shell waits for both, so that the drain has ended by now.
    expect(await rowsIn(table)).toBe(0);
    await expectOnceEach(stream, 2000);
  });
});

describe('a Redis that is full', () => {
  test('is waited for with the reason, and the drain goes on when there is room', async () => {
    const full = await startRedis({ args: ['--maxmemory-policy', 'noeviction'] });
    const client = new Redis(full.url);
    const table = await tableOf(2000, 2000);
    const stream = uniqueName('oom');
    const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))![1]);
    await client.config('SET', 'maxmemory', used + 1_500_000);
    const args = drainArgs(table, stream, '--batch', '100', '--yes', '-o', 'ndjson').map((arg) =>
      arg === server.url ? full.url : arg,
    );
    const running = spawnQctl(args);
    await waitFor(() => /out of memory \(OOM\)/.test(running.stdout()), {
      what: 'the reason',
      timeoutMs: 20_000,
    });
    const before = await client.xlen(stream);
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(2000);
    await client.config('SET', 'maxmemory', 0);
    const { code } = await running.done;
    expect(code).toBe(0);
    expect(new Set((await entriesOf(stream, full.url)).map((entry) => entry.text('id'))).size).toBe(2000);
    expect(await client.xlen(stream)).toBe(2000);
    client.disconnect();
    await full.stop();
  });
});

describe('list, status and verify', () => {
  let table: string;
  let stream: string;
  let run: string;
  beforeAll(async () => {
    table = await tableOf(20);
    stream = uniqueName('verify');
    const { stdout } = await inProcess(drainArgs(table, stream, '--mode', 'copy', '--yes', '-o', 'json'));
    run = JSON.parse(stdout).run;
  });

  const parsers: Record<string, (text: string) => unknown> = {
    json: JSON.parse,
    ndjson: (text) => JSON.parse(text.split('\n')[0]!),
    yaml: (text) => parse(text),
  };

  test.each(['json', 'ndjson', 'yaml'])('say the same as data in %s', async (format) => {
    const read = parsers[format]!;
    const common = ['--redis-url', server.url, '-o', format];
    const status = read((await inProcess(['drain', 'status', run, ...common])).stdout);
    expect(status).toMatchObject({ run, state: 'done', mode: 'copy', stream, appended: 20, processes: 0 });
    const list = JSON.stringify(read((await inProcess(['drain', 'list', ...common])).stdout));
    expect(list).toContain(run);
    const verified = await inProcess(['verify', run, '--postgres-url', database.url, ...common]);
    expect(verified.code).toBe(0);
    expect(read(verified.stdout)).toMatchObject({
      type: 'report',
      run,
      converged: true,
      digest: { equal: true },
    });
  });

  test('are tables for people', async () => {
    expect((await inProcess(['drain', 'list', '--redis-url', server.url])).stdout).toMatch(
      new RegExp(`RUN[^\\n]*STATE[\\s\\S]*${run}\\s+done\\s+copy`),
    );
    expect((await inProcess(['drain', 'status', run, '--redis-url', server.url])).stdout).toMatch(
      /appended\s+20/,
    );
    const verified = await inProcess(['verify', run, ...ends()]);
    expect(verified.stdout).toMatch(/converged: everything in the source stands in the stream exactly once/);
  });

  const verify = async () => {
    const { code, stdout } = await inProcess(['verify', run, ...ends(), '-o', 'json']);
    return { code, report: JSON.parse(stdout) };
  };

  test('verify finds an entry that is altered, doubled or missing, and names it', async () => {
    await database.sql(`UPDATE ${table} SET payload = 'other' WHERE id = 7`);
    expect(await verify()).toMatchObject({
      code: 1,
      report: { converged: false, digest: { equal: false }, differing: { altered: ['7'], alteredCount: 1 } },
    });
    await database.sql(`UPDATE ${table} SET payload = repeat('x', 10) WHERE id = 7`);
    expect((await verify()).code).toBe(0);
    const entries = await entriesOf(stream, server.url);
    const third = entries.find((entry) => entry.text('id') === '3')!;
    const doubled = await redis.xadd(stream, '*', ...third.fields.flat());
    expect(await verify()).toMatchObject({ code: 1, report: { differing: { doubled: ['3'] } } });
    await redis.xdel(stream, doubled!, entries[4]!.entryId);
    expect(await verify()).toMatchObject({
      code: 1,
      report: { differing: { missing: ['5'], doubled: [] }, gone: 1 },
    });
  });
});
