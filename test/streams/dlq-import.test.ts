import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { fieldsToJson } from '../../src/model/entry.ts';
import { readImportLines } from '../../src/streams/dlq-import-lines.ts';
import { type ImportReport, importDeadLetters, planImport } from '../../src/streams/index.ts';
import { entriesOf } from '../support/pending.ts';
import { startRedis } from '../support/redis.ts';
import { startReplyLoser } from '../support/reply-loser.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { work } from './dlq-support.ts';

let redis: RedisConnection;
let dead: string;

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());
beforeEach(() => {
  dead = `${uniqueName('orders')}:dead`;
});

const lineOf = (stream: string, fields: unknown, id = '1-0') =>
  JSON.stringify({ type: 'dead-letter', stream, id, fields });
const linesOf = (count: number, stream = dead) =>
  Array.from({ length: count }, (_, n) => lineOf(stream, { n: String(n) }));

async function* chunksOf(bytes: Buffer, size = 65_536): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

interface Import {
  to?: string;
  again?: boolean;
  goOn?: boolean;
  connection?: RedisConnection;
  stop?: AbortController;
  onProgress?: (appended: number) => void;
}

async function run(
  lines: readonly string[],
  { to, again = false, goOn = false, stop, onProgress, connection = redis }: Import = {},
) {
  const { signal } = stop ?? work;
  const open = () => chunksOf(Buffer.from(lines.map((line) => `${line}\n`).join('')));
  const prepared = await planImport(connection, { name: 'x.ndjson', open, to, again, goOn, signal });
  const report = await importDeadLetters(connection, prepared, { ...work, signal }, onProgress);
  return { plan: prepared.plan, report };
}

const counts = ({ appended, importedBefore, stopped }: ImportReport) => [appended, importedBefore, stopped];
const numbersIn = async (stream: string) =>
  (await entriesOf(redis.client, stream)).map(({ fields }) => Number(fields[1]));
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('the lines of an export', () => {
  const read = async (bytes: Buffer, size?: number) => {
    const found = [];
    for await (const { line, stream, fields } of readImportLines(chunksOf(bytes, size), 'x.ndjson'))
      found.push({ line, stream, fields });
    return found;
  };

  test('are read however they are cut into pieces, with either end of line, and empty ones between', async () => {
    const pair = fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));
    const letter = fc.record({
      stream: fc.string({ minLength: 1 }),
      pairs: fc.array(pair, { minLength: 1 }),
    });
    const end = fc.constantFrom('\n', '\r\n', '\n\n', '\r\n\r\n');
    const all = fc.array(fc.tuple(letter, end), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        all,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        async (some, mark, cut, size) => {
          const text = some.map(([{ stream, pairs }, ending]) => lineOf(stream, pairs) + ending).join('');
          const bytes = Buffer.from((mark ? '\ufeff' : '') + (cut ? text.trimEnd() : text));
          const found = await read(bytes, size);
          expect(
            found.map(({ stream, fields }) => ({ stream, pairs: fields.map((field) => field.map(String)) })),
          ).toEqual(some.map(([one]) => one));
        },
      ),
    );
  });

  const good = lineOf('s', { a: 'b' });

  test.each([
    ['cut off', good.slice(0, -5), 'is no whole line of JSON'],
    ['of another kind', '{"type":"entry","stream":"s","fields":{"a":"b"}}', 'is no dead letter'],
    ['a list', '[]', 'is no dead letter'],
    ['a number', '5', 'is no object'],
    ['null', 'null', 'is no object'],
    ['without a stream', '{"type":"dead-letter","fields":{"a":"b"}}', 'names no stream'],
    ['with an empty stream', '{"type":"dead-letter","stream":"","fields":{"a":"b"}}', 'names no stream'],
    ['without fields', '{"type":"dead-letter","stream":"s"}', 'has fields that are no fields of an entry'],
    ['with numbers as fields', lineOf('s', { a: 1 }), 'has fields that are no fields of an entry'],
    ['with damaged base64', lineOf('s', { a: { base64: 'x' } }), 'has fields that are no fields of an entry'],
    ['with no field at all', lineOf('s', {}), 'has no fields'],
    ['as dlq show prints it', good.replace('{', '{"madeBy":"qctl",'), 'lacks the fields of its death'],
    ['with too many fields', lineOf('s', Array(3976).fill(['a', 'b'])), 'has more than 3975 fields'],
  ])('a line %s is named', async (_, line, what) => {
    await expect(read(Buffer.from(`${good}\n\n${line}\n${good}\n`))).rejects.toMatchObject({
      ...{ kind: 'refused', code: 'IMPORT_BAD_LINE' },
      message: expect.stringContaining(`line 3 of x.ndjson ${what}`),
    });
  });

  test('that are no UTF-8 are refused rather than altered', async () => {
    await expect(read(Buffer.concat([Buffer.from(good), Buffer.from([0xff])]))).rejects.toThrow(
      'line 1 of x.ndjson is not UTF-8',
    );
  });
});

describe('an import', () => {
  test('appends every line to the stream that it names, in order', async () => {
    const other = `${dead}2`;
    const lines = [...linesOf(3), ...linesOf(2, other)];
    await redis.client.xadd(other, '*', 'n', '-1');
    const { plan, report } = await run(lines);
    const shares = [
      { stream: dead, entries: 3, importedBefore: 0, lengthBefore: 0 },
      { stream: other, entries: 2, importedBefore: 0, lengthBefore: 1 },
    ];
    expect(plan).toEqual({ file: 'x.ndjson', entries: 5, toAppend: 5, streams: shares });
    const { elapsedMs: _elapsedMs, ...rest } = report;
    expect(rest).toEqual({
      ...{ file: 'x.ndjson', entries: 5, appended: 5, importedBefore: 0, stopped: false, failure: null },
      streams: [
        { ...shares[0], appended: 3, lengthNow: 3 },
        { ...shares[1], appended: 2, lengthNow: 3 },
      ],
    });
    expect([await numbersIn(dead), await numbersIn(other)]).toEqual([upTo(3), [-1, 0, 1]]);
  });

  test('of all into one stream', async () => {
    const lines = [...linesOf(2, 'nowhere'), ...linesOf(2, 'elsewhere')];
    expect(counts((await run(lines, { to: dead })).report)).toEqual([4, 0, false]);
    expect(await numbersIn(dead)).toEqual([0, 1, 0, 1]);
    expect(await redis.client.exists('nowhere', 'elsewhere')).toBe(0);
  });

  test('of nothing does nothing', async () => {
    expect(counts((await run([])).report)).toEqual([0, 0, false]);
  });

  test('of the same lines adds nothing, also after the stream was emptied; --again adds them once more', async () => {
    const lines = linesOf(1200);
    expect(counts((await run(lines)).report)).toEqual([1200, 0, false]);
    expect(counts((await run(lines)).report)).toEqual([0, 1200, false]);
    await redis.client.xtrim(dead, 'MAXLEN', 0);
    const { plan, report } = await run(lines);
    expect([plan.toAppend, report.appended, report.streams[0]!.lengthNow]).toEqual([0, 0, 0]);
    expect(counts((await run(lines, { again: true })).report)).toEqual([1200, 0, false]);
    expect(counts((await run(lines)).report)).toEqual([0, 1200, false]);
    expect(await numbersIn(dead)).toEqual(upTo(1200));
    const [mark, ...others] = await redis.client.keys(`qctl:{${dead}}:*`);
    expect([mark, others]).toEqual([expect.stringMatching(/:import:[0-9a-f]{64}$/), []]);
    expect(await redis.client.ttl(mark!)).toBeGreaterThan(29 * 86_400);
  });

  test('of a part, or of more lines, is another one', async () => {
    await run(linesOf(2));
    expect(counts((await run(linesOf(3))).report)).toEqual([3, 0, false]);
    expect(await numbersIn(dead)).toEqual([0, 1, 0, 1, 2]);
  });

  test.each([false, true])('that was stopped goes on where it was (--again: %s)', async (again) => {
    const lines = linesOf(1700);
    if (again) await run(lines);
    await redis.client.del(dead);
    const stop = new AbortController();
    const first = await run(lines, { stop, again, onProgress: (n) => n >= 1000 && stop.abort('SIGINT') });
    expect(counts(first.report)).toEqual([1000, 0, true]);
    const second = await run(lines, { again });
    expect(counts(second.report)).toEqual([700, 1000, false]);
    expect(second.plan.toAppend).toBe(700);
    expect(await numbersIn(dead)).toEqual(upTo(1700));
  });

  describe('that was stopped, and whose first part was deleted since', () => {
    const lines = () => linesOf(1700);
    beforeEach(async () => {
      const stop = new AbortController();
      await run(lines(), { stop, onProgress: (n) => n >= 1000 && stop.abort('SIGINT') });
      await redis.client.xtrim(dead, 'MAXLEN', 999);
    });

    test('is refused before anything changes, and says what was found', async () => {
      await expect(run(lines())).rejects.toMatchObject({
        ...{ kind: 'refused', code: 'IMPORT_REMOVED' },
        message: `nothing was imported of x.ndjson: the first 1000 of 1700 lines were imported before, and ${dead} holds 999 now: what was imported has been deleted or replayed`,
        hint: [
          '--again begins anew with the first line',
          '--continue goes on behind those 1000, where they were replayed or deleted on purpose',
        ],
        details: { stream: dead, entries: 1700, importedBefore: 1000, length: 999 },
      });
      expect(await redis.client.xlen(dead)).toBe(999);
    });

    test('begins anew with --again, also where that is stopped and run once more', async () => {
      await redis.client.del(dead);
      const stop = new AbortController();
      const onProgress = (n: number) => n >= 500 && stop.abort('SIGINT');
      const first = await run(lines(), { again: true, stop, onProgress });
      expect([first.plan.toAppend, ...counts(first.report)]).toEqual([1700, 500, 0, true]);
      expect(counts((await run(lines())).report)).toEqual([1200, 500, false]);
      expect(await numbersIn(dead)).toEqual(upTo(1700));
      expect(counts((await run(lines())).report)).toEqual([0, 1700, false]);
    });

    test('goes on with --continue behind what was imported', async () => {
      await redis.client.del(dead);
      expect(counts((await run(lines(), { goOn: true })).report)).toEqual([700, 1000, false]);
      expect(await numbersIn(dead)).toEqual(upTo(1700).slice(1000));
    });

    test('begins anew with --again and passes the place where it had stopped', async () => {
      await redis.client.del(dead);
      expect(counts((await run(lines(), { again: true })).report)).toEqual([1700, 0, false]);
      expect(await numbersIn(dead)).toEqual(upTo(1700));
    });
  });

  describe('of dead letters that still stand where they were taken from', () => {
    const standing = () => [1, 2, 3].map((n) => lineOf(dead, { n: String(n) }, `${n}-0`));
    beforeEach(async () => {
      for (const n of [1, 3]) await redis.client.xadd(dead, `${n}-0`, 'n', n);
    });

    test('is refused: they would be there twice', async () => {
      await expect(run(standing())).rejects.toMatchObject({
        ...{ kind: 'refused', code: 'IMPORT_PRESENT' },
        message: `2 of the first 3 dead letters of x.ndjson still stand in ${dead}: they would be there twice`,
        hint: [
          "delete them first with 'qctl dlq purge', or name another stream with --to",
          '--again imports them all the same',
        ],
        details: { stream: dead, standing: 2, lookedAt: 3 },
      });
      expect(await numbersIn(dead)).toEqual([1, 3]);
    });

    test('adds them once more with --again, also where that was stopped and goes on without it', async () => {
      const lines = [...standing(), ...linesOf(600)];
      const stop = new AbortController();
      const onProgress = () => stop.abort('SIGINT');
      expect(counts((await run(lines, { again: true, stop, onProgress })).report)).toEqual([500, 0, true]);
      expect(counts((await run(lines)).report)).toEqual([103, 500, false]);
      expect(await numbersIn(dead)).toEqual([1, 3, 1, 2, 3, ...upTo(600)]);
    });

    test('adds them to another stream', async () => {
      const to = `${dead}2`;
      expect(counts((await run(standing(), { to })).report)).toEqual([3, 0, false]);
      await expect(run(standing(), { to: dead })).rejects.toMatchObject({ code: 'IMPORT_PRESENT' });
    });

    test('and of which none is among the first hundred goes through', async () => {
      const lines = [...linesOf(100).map((line) => line.replace('1-0', '9-9')), ...standing()];
      expect(counts((await run(lines)).report)).toEqual([103, 0, false]);
    });
  });

  test('whose replies are lost adds nothing twice and counts right', async () => {
    const loser = await startReplyLoser(Number(new URL(sharedRedisUrl()).port));
    const connection = await connectRedis({ url: `redis://127.0.0.1:${loser.port}` });
    const { report } = await run(linesOf(2600), { connection, onProgress: () => loser.loseNext() });
    await connection.close();
    await loser.stop();
    expect(loser.lost).toBeGreaterThan(2);
    expect([...counts(report), report.failure]).toEqual([2600, 0, false, null]);
    expect(await numbersIn(dead)).toEqual(upTo(2600));
  });

  test('of two at once: together they have added every line once', async () => {
    const second = await connectRedis({ url: sharedRedisUrl() });
    const reports = await Promise.all([run(linesOf(3000)), run(linesOf(3000), { connection: second })]);
    await second.close();
    const [one, other] = reports.map(({ report }) => report);
    expect(one!.appended + other!.appended).toBe(3000);
    expect([one!.appended + one!.importedBefore, other!.appended + other!.importedBefore]).toEqual([
      3000, 3000,
    ]);
    expect(await numbersIn(dead)).toEqual(upTo(3000));
  });

  test('whose note is set back by somebody else ends rather than adds twice', async () => {
    // On the same connection, so that it is set between the second page and the third.
    const setBack = async () => {
      const [mark] = await redis.client.keys(`qctl:{${dead}}:import:*`);
      await redis.client.set(mark!, 1);
    };
    const { report } = await run(linesOf(3000), { onProgress: () => void setBack() });
    expect(report.failure).toMatchObject({ kind: 'failed', code: 'IMPORT_MARK_LOST' });
    expect(await numbersIn(dead)).toEqual(upTo(1000));
  });

  test('of the same lines to another stream is another one, although their notes lie side by side', async () => {
    const [one, other] = [`{${dead}}:1`, `{${dead}}:2`];
    expect(counts((await run(linesOf(3), { to: one })).report)).toEqual([3, 0, false]);
    expect(counts((await run(linesOf(3), { to: other })).report)).toEqual([3, 0, false]);
    expect(counts((await run(linesOf(3), { to: one })).report)).toEqual([0, 3, false]);
  });

  test('with a bad line changes nothing at all', async () => {
    await expect(run([...linesOf(1000), 'nonsense'])).rejects.toThrow(
      'line 1001 of x.ndjson is no whole line of JSON; nothing was imported',
    );
    expect(await redis.client.exists(dead)).toBe(0);
  });

  test('into a key that is no stream, or to more streams than can be meant, is refused', async () => {
    await redis.client.set(dead, 'text');
    await expect(run(linesOf(1))).rejects.toMatchObject({ code: 'REDIS_WRONG_TYPE' });
    const many = Array.from({ length: 1001 }, (_, n) => lineOf(`s${n}`, { a: 'b' }));
    await expect(run(many)).rejects.toMatchObject({ kind: 'refused', code: 'IMPORT_STREAMS' });
  });

  test('that Redis refuses in the middle ends with what was done, and goes on from there', async () => {
    await redis.client.xadd(dead, '18446744073709551615-18446744073709551613', 'n', '-1');
    const { report } = await run(linesOf(5));
    expect([report.appended, report.stopped, report.streams[0]!.lengthNow]).toEqual([2, false, null]);
    expect(report.failure).toMatchObject({ kind: 'target', message: expect.stringMatching(/exhausted/) });
    await redis.client.del(dead);
    expect(counts((await run(linesOf(5), { goOn: true })).report)).toEqual([3, 2, false]);
    expect(await numbersIn(dead)).toEqual([2, 3, 4]);
  });

  test('keeps little in memory: many streams, large bodies and wide entries go out piece by piece', async () => {
    const body = 'x'.repeat(400_000);
    const streams = Array.from({ length: 40 }, (_, n) => `${dead}:{${dead}}:${n}`);
    const wide = fieldsToJson(
      Array.from({ length: 3900 }, (_, n) => [Buffer.from(`f${n}`), Buffer.from('v')]),
    );
    const lines = streams.flatMap((stream) => [lineOf(stream, { n: '0', body }), lineOf(stream, wide)]);
    expect(counts((await run(lines)).report)).toEqual([80, 0, false]);
    for (const stream of streams) expect(await redis.client.xlen(stream)).toBe(2);
    await redis.client.del(...streams);
  });

  test('without the rights is refused before anything changes', async () => {
    const server = await startRedis();
    const admin = new Redis(server.url);
    // Before 7.0 nobody can be asked what is allowed: reading the note is refused then, which is early enough.
    const old = (await admin.info('server')).includes('redis_version:6');
    const notes = old ? [] : ['%R~qctl:*'];
    await admin.call('ACL', 'SETUSER', 'op', 'on', '>pw', '+@all', '~orders*', ...notes);
    const limited = await connectRedis({ url: server.url.replace('redis://', 'redis://op:pw@') });
    const expected = old ? { code: 'REDIS_NOPERM' } : { kind: 'refused', code: 'MISSING_RIGHTS' };
    await expect(run(linesOf(3, 'orders:dead'), { connection: limited })).rejects.toMatchObject(expected);
    expect(await admin.exists('orders:dead')).toBe(0);
    await limited.close();
    admin.disconnect();
    await server.stop();
  });
});
