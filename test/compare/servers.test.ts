import { mkdtemp, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { type Comparison, compare, type PostgresInput } from '../../src/compare/index.ts';
import type { StepWorld } from '../../src/cutover/step.ts';
import { compareStep } from '../../src/cutover/steps/compare.ts';
import { runCommand } from '../commands/run-command.ts';
import { sharedPostgres, sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';

let client: Redis;
let redis: RedisConnection;
let database: string;
let folder: string;

beforeAll(async () => {
  client = new Redis(sharedRedisUrl());
  redis = await connectRedis({ url: sharedRedisUrl() });
  database = await sharedPostgres().createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'compare-test-'));
});
afterAll(async () => {
  client.disconnect();
  await redis.close();
});

const result = (id: number, change: object = {}) => ({ order: id, score: id / 10, tags: ['a'], ...change });

/** A stream of results, `body` being JSON. */
async function stream(results: readonly object[], name = uniqueName('results')): Promise<string> {
  for (const one of results) await client.xadd(name, '*', 'body', JSON.stringify(one), 'worker', 'w1');
  return name;
}

async function table(rows: readonly ReturnType<typeof result>[]): Promise<string> {
  const name = `Results ${uniqueName()}`;
  await sql(
    `CREATE TABLE "${name}" ("order" bigint, body jsonb, done timestamptz, big numeric, ok boolean, l text[])`,
  );
  await sql(
    `INSERT INTO "${name}" SELECT (b->>'order')::bigint, b, '2026-01-01 10:00+01', 90071992547409930, true, '{a,"b,c",NULL}'
       FROM jsonb_array_elements($1::jsonb) b`,
    [JSON.stringify(rows)],
  );
  return name;
}

const sql = (text: string, values?: unknown[]) =>
  sharedPostgres().query(text, values, new URL(database).pathname.slice(1));

const ids = Array.from({ length: 150 }, (_, id) => id);

const command = async (argv: string[], env = {}) => {
  const { code, stdout, stderr } = await runCommand(['compare', '-o', 'json', ...argv], { env });
  return { code, stderr, comparison: (stdout === '' ? undefined : JSON.parse(stdout)) as Comparison };
};

test('two streams are compared by a field of their body, and the exit code says what came out', async () => {
  const old = await stream(ids.map((id) => result(id)));
  const fresh = await stream(ids.slice(1).map((id) => result(id, id % 50 === 0 ? { score: -1 } : {})));
  const sides = ['--old', `redis:${old}`, '--new', `redis:${fresh}`, '--key', 'body.order'];
  const plain = await command(sides);
  expect(plain).toMatchObject({ code: 0, stderr: '' });
  expect(plain.comparison).toMatchObject({
    type: 'comparison',
    verdict: 'different',
    counts: { matched: 147, mismatched: 2, missing: 1, extra: 0 },
    fields: [{ field: 'body.score', differing: 2 }],
  });
  expect(plain.comparison.old.perSecond).toBeGreaterThan(0);
  const strict = await command([...sides, '--fail-on', 'mismatched > 1%', '--require', 'missing <= 1']);
  expect(strict.code).toBe(99);
  expect(strict.stderr).toContain('"code":"COMPARE_THRESHOLD"');
  const loose = await command([...sides, '--fail-on', 'mismatched > 2%', '--require', 'missing <= 1']);
  expect(loose.code).toBe(0);
  const range = await command([...sides, '--old-from', plain.comparison.sample.at(-1)!.old!]);
  expect(range.comparison.old.records).toBeLessThan(150);
});

test('a table, a query and a compressed file hold the same as a stream', async () => {
  const rows = ids.map((id) => result(id));
  const name = await table(rows);
  const old = await stream(rows);
  const query = `SELECT "order", body FROM "${name}" ORDER BY 1 DESC;`;
  const file = join(folder, 'new.ndjson.gz');
  await writeFile(
    file,
    gzipSync(`\ufeff${rows.map((row) => JSON.stringify({ body: row })).join('\r\n')}\r\n`),
  );
  const env = { DATABASE_URL: database };
  for (const side of [
    ['--new', 'postgres:', '--new-query', query],
    ['--new', `file:${file}`, '--ignore', 'order'],
  ]) {
    const argv = [
      '--old',
      `redis:${old}`,
      '--ignore',
      'worker',
      '--ignore',
      'order',
      '--key',
      'body.order',
      ...side,
    ];
    const { comparison } = await command(argv, env);
    expect(comparison.counts).toMatchObject({ ignored: 150, mismatched: 0, missing: 0, extra: 0 });
  }
  const whole = { kind: 'postgres', connection: { url: database }, table: name } as const;
  const { sample } = await read(whole);
  const row = sample.find(({ outcome }) => outcome === 'mismatched');
  expect(row!.differences.map(({ path, old: shown }) => `${path} ${shown}`)).toEqual([
    'big 90071992547409930',
    'body {"order":7,"score":0.7,"tags":["a"]}',
    'done "2026-01-01T09:00:00Z"',
    'l ["a","b,c",null]',
    'ok true',
  ]);
});

/** Rows against a record that has but their key. */
function read(input: PostgresInput): Promise<Comparison> {
  async function* chunks() {
    yield Buffer.from('{"order":7}');
  }
  const fresh = { kind: 'file', path: 'x', chunks: chunks() } as const;
  return compare({ old: input, new: fresh, key: ['order'], minMatched: null, showValues: true }, quiet());
}

const quiet = (signal = new AbortController().signal) => ({
  signal,
  waiting: () => undefined,
  now: () => new Date(),
});

test.each([
  ['DELETE FROM nothing RETURNING 1 AS "order"', /syntax error/],
  ['SELECT 1 AS "order"; DROP TABLE nothing', /multiple commands/],
  ['SELECT nextval(\'counter\') AS "order"', /read-only|counter/],
])('a query that would change something does not run: %s', async (query, why) => {
  await sql('CREATE TABLE IF NOT EXISTS nothing (id int)');
  await sql('CREATE SEQUENCE IF NOT EXISTS counter');
  await expect(read({ kind: 'postgres', connection: { url: database }, query })).rejects.toThrow(why);
  expect(
    await sql(
      "SELECT to_regclass('nothing') IS NOT NULL AS there, (SELECT is_called FROM counter) AS called",
    ),
  ).toEqual([{ there: true, called: false }]);
});

test.each([
  [['--old', 'redis:no-such-stream-at-all', '--new', 'file:-'], 1, 'STREAM_MISSING'],
  [['--old', 'file:/no/such/file', '--new', 'file:/dev/null'], 1, 'COMPARE_UNREADABLE'],
  [['--old', 'postgres:shop', '--new', 'file:/dev/null'], 5, 'SOURCE_UNKNOWN'],
  [['--old', 'postgres:', '--new', 'file:/dev/null'], 2, 'TABLE_UNNAMED'],
  [['--old', 'postgres:', '--old-table', 'nope', '--new', 'file:/dev/null'], 5, 'TABLE_NOT_FOUND'],
  [['--old', 'postgres://u:secret@h/d', '--new', 'file:-'], 2, 'BAD_INPUT'],
  [['--old', 'file:-', '--new', 'file:-'], 2, 'STDIN_TWICE'],
  [['--old', 'file:x', '--old-from', '1h', '--new', 'file:-'], 2, 'UNUSED_FLAG'],
  [['--old', 'file:x', '--new', 'file:y', '--for', '1m'], 2, 'NOTHING_TO_FOLLOW'],
  [['--old', 'redis:x', '--new', 'redis:y', '--for', '1s', '--to', '1m'], 2, 'UNUSED_FLAG'],
  [['--old', 'redis:x', '--new', 'redis:y', '--for', '1s', '--new-to', '1m'], 2, 'UNUSED_FLAG'],
])('%j ends with %i %s, and tells no secret', async (sides, code, name) => {
  const end = await command([...sides, '--key', 'id'], { DATABASE_URL: database });
  expect(end.code).toBe(code);
  expect(end.stderr).toContain(`"code":"${name}"`);
  expect(end.stderr).not.toContain('secret');
});

test('tables are readable at 60 columns, and every format has the counts', async () => {
  const old = await stream([result(1), result(2), result(3)]);
  const fresh = await stream([result(1), result(2, { score: 'x' }), result(2)]);
  const argv = [
    'compare',
    '--old',
    `redis:${old}`,
    '--new',
    `redis:${fresh}`,
    '--key',
    'body.order',
    '--dedupe',
    '--old2',
    `redis:${old}`,
  ];
  const narrow = await runCommand(argv, { columns: 60 });
  expect(narrow.stdout).toMatch(/^mismatched +1 \(33\.3%\)$/m);
  expect(narrow.stdout).toMatch(/^2 +1 +2$/m);
  expect(narrow.stdout).toMatch(/^noise from +3 keys of old and old2$/m);
  const lines = narrow.stdout.split('\n').filter((line) => !/redis:\/\//.test(line));
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  const conditions = ['--require', 'missing == 0', '--fail-on', 'extra > 0'];
  const junit = await runCommand([...argv, '-o', 'junit', ...conditions]);
  expect(junit.stdout).toMatch(/tests="4" failures="1"[\s\S]*name="missing == 0"><failure/);
  const page = await runCommand([...argv, '-o', 'markdown']);
  expect(page.stdout).toContain('| mismatched | 1 (33.3%) |');
  expect(page.stdout).toContain('- Noise from: 3 keys of old and old2\n');
  const out = join(folder, 'result.json');
  await runCommand([...argv, '-o', 'json', '--out-file', out]);
  expect((await stat(out)).mode & 0o777).toBe(0o600);
});

test('Ctrl-C shows what was compared so far, marked incomplete', async () => {
  const old = await stream(ids.map((id) => result(id)));
  const fresh = await stream(ids.slice(10).map((id) => result(id)));
  const argv = [
    'compare',
    '--old',
    `redis:${old}`,
    '--new',
    `redis:${fresh}`,
    '--key',
    'body.order',
    '--for',
    '1h',
  ];
  const end = await runCommand([...argv, '-o', 'ndjson', '--fail-on', 'missing > 0'], {
    onStdout: (text, stop) => text.includes('"old":150') && text.includes('"new":140') && stop(),
  });
  expect(end.code).toBe(130);
  const last = JSON.parse(end.stdout.trimEnd().split('\n').at(-1)!);
  expect(last).toMatchObject({
    complete: false,
    verdict: 'incomplete',
    counts: { matched: 140, pending: 10 },
  });
});

test('what came while the rest was read is not missed: a stream is judged by when its end was fixed', async () => {
  const fresh = await stream([result(1)]);
  const old = await stream([result(1), result(2)]);
  const lateAfterMs = 800;
  let taken = 0;
  // A second old side that takes longer than a result may be late, and meanwhile the result comes.
  async function* slow() {
    await waitFor(() => taken === 3, { what: 'both streams to be read' });
    const since = Date.now();
    await stream([result(2)], fresh);
    await waitFor(() => Date.now() - since > lateAfterMs + 100, { what: 'the end of the delay' });
    yield Buffer.from('');
  }
  const sides = {
    old: { kind: 'redis', streams: [old] },
    new: { kind: 'redis', streams: [fresh] },
    old2: { kind: 'file', path: 'slow', chunks: slow() },
  } as const;
  const request = { ...sides, key: ['body.order'], minMatched: null, redis, lateAfterMs };
  const progress = ({ old, new: fresh }: { old: number; new: number }) => {
    taken = old + fresh;
  };
  const { counts } = await compare(request, { ...quiet(), progress });
  expect(counts).toMatchObject({ matched: 1, missing: 0, pending: 1 });
  const [, second] = await client.xrange(old, '-', '+');
  const until = { ...request, old2: undefined, new: { ...sides.new, to: second![0] } };
  expect((await compare(until, quiet())).counts).toMatchObject({ matched: 1, missing: 0, pending: 1 });
  const whole = { ...request, old2: undefined };
  expect((await compare(whole, quiet())).counts).toMatchObject({ matched: 2, missing: 0, pending: 0 });
});

/** As much of a step's world as this one needs. */
function world(signal = new AbortController().signal, streams: Record<string, object> = {}) {
  const waits: (string | null)[] = [];
  const own = {
    step: 'shadow',
    signal,
    redact: (text: string) => text,
    path: (path: string) => path,
    redis: async () => redis,
    host: { now: () => new Date(), postgres: async () => ({ url: database }), streams: async () => streams },
    waiting: (reason: string | null) => void waits.push(reason),
  };
  return { world: own as unknown as StepWorld, waits };
}

const apply = (given: object, own = world().world) =>
  compareStep.apply(compareStep.schema.parse(given), own, null);

test('the step passes where both sides made the same, and fails with counts where they did not', async () => {
  const old = `redis:${await stream([result(1), result(2)])}`;
  const same = { redis: await stream([result(2), result(1)]), from: 'start' };
  await expect(apply({ old, new: same, key: 'body.order' })).resolves.toMatchObject({
    text: 'compared: 2 matched',
    positions: { matched: 2, mismatched: 0, old: 2 },
  });
  const other = `redis:${await stream([result(1), result(2, { score: 5 }), result(2)])}`;
  await expect(apply({ old, new: other, key: 'body.order' })).rejects.toMatchObject({
    kind: 'threshold',
    message: expect.stringContaining('(1 matched, 1 mismatched, 1 duplicate new)'),
  });
  await expect(
    apply({ old, new: other, key: 'body.order', failOn: 'mismatched > 60%' }),
  ).resolves.toBeDefined();
});

test('the step reads all partitions of a stream, and all streams of a pattern', async () => {
  const [old, fresh] = [uniqueName('results'), uniqueName('results')];
  await stream([result(1)], `${old}:{0}`);
  await stream([result(2)], `${old}:{1}`);
  await stream([result(2)], `${fresh}-a`);
  await stream([result(1)], `${fresh}-b`);
  const { world: own } = world(undefined, { [old]: { partitions: 2 } });
  const given = { old: `redis:${old}`, new: { redis: [`${fresh}-*`, `${fresh}-a`] }, key: 'body.order' };
  await expect(apply(given, own)).resolves.toMatchObject({ text: 'compared: 2 matched' });
});

test('the step never passes on no data, not even where nothing else is asked for', async () => {
  const [old, fresh] = [await stream([result(1)]), await stream([result(2)])];
  const given = { old: `redis:${old}`, new: `redis:${fresh}`, key: 'body.order', failOn: 'mismatched > 0' };
  await expect(apply(given)).rejects.toMatchObject({
    kind: 'threshold',
    hint: [expect.stringMatching(/no key/)],
  });
});

test('the step follows streams that grow, also one that is not there yet, and judges at the end', async () => {
  const [old, fresh] = [uniqueName('results'), uniqueName('results')];
  await stream([result(1)], old);
  const own = world();
  const given = {
    old: `redis:${old}`,
    new: `redis:${fresh}`,
    key: 'body.order',
    for: '1200ms',
    lateAfter: '1m',
  };
  const running = apply(given, own.world);
  await waitFor(() => own.waits.some((why) => why?.includes('1 old and 0 new')), { what: 'the first look' });
  await stream([result(2), result(3)], old);
  await stream([result(1), result(2)], fresh);
  await expect(running).resolves.toMatchObject({ text: 'compared: 2 matched, 1 pending' });
  expect(own.waits.at(-1)).toBeNull();
});

test('the step says what it does, and what speaks against it, before anything runs', async () => {
  const given = {
    old: 'redis:a',
    new: { postgres: 'shop', table: 'r' },
    key: ['id'],
    for: '30m',
    failOn: 'missing == 0',
  };
  const params = compareStep.schema.parse(given);
  expect(compareStep.outline(params as never, String)).toMatchObject({
    does: 'compare redis:a with postgres:shop r by id for 30m',
    undo: 'nothing',
    repeatable: true,
    earliestMs: 1_800_000,
  });
  expect(await compareStep.preflight!(params, world().world)).toMatchObject([
    { level: 'blocker', code: 'THRESHOLD_INVERTED' },
  ]);
  expect(compareStep.schema.safeParse({ ...given, new: 'postgres:shop' }).success).toBe(false);
  const ending = { ...given, old: { redis: 'a', to: '1m' } };
  expect(compareStep.schema.safeParse(ending).error!.message).toContain('expected either for or to');
  expect(compareStep.schema.safeParse({ ...ending, for: undefined }).success).toBe(true);
});
