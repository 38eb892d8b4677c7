import { appendFile, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Message } from '../../src/model/message.ts';
import { messageFromJson, messageToJson } from '../../src/model/message-json.ts';
import { ArchiveSink } from '../../src/sinks/index.ts';
import { allBytes } from '../contract/payloads.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import { drain, entriesOf, failureOf, ownDatabase, partitionedEntries, plan } from './driver.ts';

let folder: string;
let database: Awaited<ReturnType<typeof ownDatabase>>;

beforeAll(async () => {
  folder = ownFolder('archive');
  database = await ownDatabase();
});
afterAll(() => removeFolder(folder));

const newFile = (): string => join(folder, `${uniqueName('a')}.ndjson.gz`);

async function table(rows: number): Promise<string> {
  const name = uniqueName('a').replace('-', '_');
  await database.sql(`CREATE TABLE ${name} (id bigserial PRIMARY KEY, payload bytea, kind text, agent text)`);
  await database.sql(
    `INSERT INTO ${name} (payload, kind, agent) SELECT convert_to('body ' || i, 'UTF8') || '\\xff00'::bytea, 'k', 'a' || i % 7
       FROM generate_series(1, ${rows}) i`,
  );
  return name;
}

/** Drains a table of so many rows into an archive and a stream. */
async function archived(rows: number, batch = 100) {
  const file = newFile();
  const stream = uniqueName('archived');
  const spec = { table: await table(rows), type: 'kind', key: 'agent' };
  const outcome = await drain({
    spec,
    database: database.url,
    target: { stream },
    settings: { archive: file, batch },
  });
  expect(outcome.report.converged).toBe(true);
  return { file, stream, ...outcome };
}

const withoutOrigin = (entries: Awaited<ReturnType<typeof entriesOf>>) =>
  entries
    .map(({ fields }) =>
      fields
        .filter(([name]) => name !== 'run' && name !== 'source')
        .map(([n, v]) => `${n}=${v.toString('hex')}`),
    )
    .map((fields) => fields.join(' '))
    .sort();

describe('an archive', () => {
  test('holds every message, for its owner alone, in a file that any gunzip reads', async () => {
    const { file, report } = await archived(250);
    expect(report.archive).toEqual({ file, messages: 250 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const lines = gunzipSync(await readFile(file))
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ type: 'archive', version: 1, run: report.run });
    expect(
      lines
        .slice(1)
        .map((line) => Number(line.message.id))
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 250 }, (_, i) => i + 1));
    await expect(stat(`${file}.lock`)).rejects.toThrow('ENOENT');
  });

  test.each([1, 4])(
    'read back into %i partitions gives the same entries, byte for byte',
    async (partitions) => {
      const { file, stream } = await archived(250);
      const again = uniqueName('again');
      const { report } = await drain({
        archive: file,
        target: { stream: again, partitions },
        settings: { batch: 40 },
      });
      expect(report).toMatchObject({ converged: true, appended: 250, mode: 'copy', digest: { equal: true } });
      expect(withoutOrigin(await partitionedEntries(again, partitions))).toEqual(
        withoutOrigin(await entriesOf(stream)),
      );
    },
  );

  test('of a queue keeps group, binary attributes and system attributes', async () => {
    const sqs = sharedSqs();
    const queueUrl = await sqs.createQueue(uniqueName('archived'), { fifo: true });
    const attributes = {
      blob: { DataType: 'Binary.x', BinaryValue: allBytes() },
      n: { DataType: 'Number', StringValue: '1' },
    };
    await sqs.send(queueUrl, [{ body: 'one\u2028two', groupId: 'g', attributes }]);
    const [file, stream, again] = [newFile(), uniqueName('s'), uniqueName('s')];
    await drain({ queueUrl, endpoint: sqs.endpoint, target: { stream }, settings: { archive: file } });
    await drain({ archive: file, target: { stream: again } });
    expect(withoutOrigin(await entriesOf(again))).toEqual(withoutOrigin(await entriesOf(stream)));
    expect(await entriesOf(again)).toHaveLength(1);
  });

  test('read again by the same command appends nothing', async () => {
    const { file } = await archived(30);
    const stream = uniqueName('again');
    await drain({ archive: file, target: { stream } });
    const { report, plan: second } = await drain({ archive: file, target: { stream } });
    expect(second.kind).toBe('continue');
    expect(report).toMatchObject({ converged: true, appended: 30 });
    expect(await entriesOf(stream)).toHaveLength(30);
  });

  test('read up to a limit goes on behind it', async () => {
    const { file } = await archived(100);
    const stream = uniqueName('again');
    const { report } = await drain({ archive: file, target: { stream }, settings: { limit: 35, batch: 10 } });
    expect(report).toMatchObject({ ending: 'limit', appended: 35 });
    const rest = await drain({ archive: file, target: { stream } });
    expect(rest.report).toMatchObject({ converged: true, appended: 100 });
    expect(new Set((await entriesOf(stream)).map((entry) => entry.text('id'))).size).toBe(100);
  });

  test('that was unpacked, or packed anew, reads the same', async () => {
    const { file } = await archived(20);
    const plain = gunzipSync(await readFile(file));
    for (const content of [plain, gzipSync(plain)]) {
      const other = newFile();
      await writeFile(other, content);
      const { report } = await drain({
        archive: other,
        target: { stream: uniqueName('s') },
        settings: { fresh: true },
      });
      expect(report).toMatchObject({ converged: true, appended: 20 });
    }
  });

  test('goes on behind what the same run has written before', async () => {
    const spec = { table: await table(90) };
    const file = newFile();
    const target = { stream: uniqueName('s') };
    const first = { spec, database: database.url, target, settings: { archive: file, batch: 10, limit: 40 } };
    await drain(first);
    const { report } = await drain({ ...first, settings: { archive: file, batch: 10 } });
    expect(report).toMatchObject({ converged: true, appended: 90 });
    expect((await plan({ archive: file, target: { stream: uniqueName('s') } })).depth.ready).toBe(90);
  });
});

describe('an archive that a crash has cut off', () => {
  test.each([1, 10, 30])(
    '%i bytes into its last part reads as far as it is whole, and says so',
    async (bytes) => {
      const { file } = await archived(40, 10);
      const whole = await readFile(file);
      await appendFile(file, whole.subarray(0, bytes));
      const { findings, depth } = await plan({ archive: file, target: { stream: uniqueName('s') } });
      expect(depth.ready).toBe(40);
      expect(findings.map(({ code }) => code)).toContain('ARCHIVE_CUT_OFF');
    },
  );

  test('is mended before more is written to it', async () => {
    const spec = { table: await table(60) };
    const file = newFile();
    const target = { stream: uniqueName('s') };
    const of = (limit?: number) => ({
      spec,
      database: database.url,
      target,
      settings: { archive: file, batch: 10, limit },
    });
    await drain(of(20));
    const { size } = await stat(file);
    await appendFile(file, (await readFile(file)).subarray(0, 25));
    await drain(of());
    const { findings, depth } = await plan({ archive: file, target: { stream: uniqueName('s') } });
    expect(depth.ready).toBe(60);
    expect(findings.map(({ code }) => code)).not.toContain('ARCHIVE_CUT_OFF');
    expect((await stat(file)).size).toBeGreaterThan(size);
  });

  test('and holds messages twice gives each once', async () => {
    const { file } = await archived(40, 10);
    const whole = await readFile(file);
    await appendFile(file, whole);
    const stream = uniqueName('s');
    const { report, plan: seen } = await drain({ archive: file, target: { stream } });
    expect(seen.findings.map(({ text }) => text)).toContain(
      '40 messages stand in the archive more than once, as after a crash; each is taken once',
    );
    expect(report).toMatchObject({ converged: true, appended: 40 });
    expect(await entriesOf(stream)).toHaveLength(40);
  });
});

describe('a file that is no archive', () => {
  test.each([
    ['a short text', 'hello'],
    ['a long text', 'x'.repeat(1000)],
    ['another gzip', gzipSync('hello')],
    ['something that begins like one', Buffer.from(`1f8b0804${'00'.repeat(40)}`, 'hex')],
  ])('%s is not written over', async (_, content) => {
    const file = newFile();
    await writeFile(file, content);
    const before = await readFile(file);
    const request = {
      spec: { table: await table(1) },
      database: database.url,
      target: { stream: uniqueName('s') },
    };
    const failure = await failureOf(plan({ ...request, settings: { archive: file } }));
    expect(failure).toMatchObject({ kind: 'refused', code: 'ARCHIVE_OF_OTHER_RUN' });
    expect((await readFile(file)).equals(before)).toBe(true);
  });

  test('is not read either', async () => {
    const file = newFile();
    await writeFile(file, '{"type":"dead-letter"}\n');
    expect(await failureOf(plan({ archive: file, target: { stream: 's' } }))).toMatchObject({
      kind: 'refused',
      code: 'NOT_AN_ARCHIVE',
    });
    expect(await failureOf(plan({ archive: newFile(), target: { stream: 's' } }))).toMatchObject({
      kind: 'source',
      code: 'ARCHIVE_UNREADABLE',
      message: expect.stringMatching(/^cannot read \S+: there is no such file$/),
    });
  });

  test('with a line that is no message is refused by its number', async () => {
    const { file } = await archived(3);
    const plain = gunzipSync(await readFile(file)).toString();
    const other = newFile();
    await writeFile(other, `${plain}{"type":"message","message":{"id":7}}\n`);
    expect(await failureOf(plan({ archive: other, target: { stream: 's' } }))).toMatchObject({
      code: 'ARCHIVE_BAD_LINE',
      message: `line 5 of ${other} is no message`,
    });
  });

  test('because its middle is damaged is refused, not read up to there', async () => {
    const { file } = await archived(60, 10);
    const bytes = await readFile(file);
    const second = bytes.indexOf(Buffer.from([0x1f, 0x8b, 8, 4]), 4);
    bytes.fill(0xaa, second, second + 30);
    await writeFile(file, bytes);
    expect(await failureOf(plan({ archive: file, target: { stream: 's' } }))).toMatchObject({
      kind: 'source',
      code: 'ARCHIVE_UNREADABLE',
    });
  });
});

describe('the archive of a run', () => {
  test('is not taken by another run, nor by two processes at once', async () => {
    const { file } = await archived(5);
    const request = {
      spec: { table: await table(5) },
      database: database.url,
      target: { stream: uniqueName('s') },
    };
    expect(await failureOf(drain({ ...request, settings: { archive: file } }))).toMatchObject({
      code: 'ARCHIVE_OF_OTHER_RUN',
      message: expect.stringMatching(/it is the archive of run \S+; it is left as it is/),
    });
    const own = newFile();
    await writeFile(
      `${own}.lock`,
      '{"host":"elsewhere","place":"x","pid":1,"started":"","since":"2026-11-21"}',
    );
    expect(await failureOf(drain({ ...request, settings: { archive: own } }))).toMatchObject({
      kind: 'locked',
      code: 'ARCHIVE_IN_USE',
    });
  });

  test('that cannot be written ends the run before anything is settled', async () => {
    const name = await table(50);
    const request = { spec: { table: name }, database: database.url, target: { stream: uniqueName('s') } };
    const failure = await failureOf(drain({ ...request, settings: { archive: '/dev/full' } }));
    expect(failure.code).toBe('ARCHIVE_OF_OTHER_RUN');
    const folderless = await failureOf(
      drain({ ...request, settings: { archive: join(folder, 'no', 'a.gz') } }),
    );
    expect(folderless).toMatchObject({ kind: 'failed', code: 'ARCHIVE_FAILED' });
    expect(await database.sql(`SELECT count(*)::int AS n FROM ${name}`)).toEqual([{ n: 50 }]);
  });

  test('fails every write after the first that failed', async () => {
    const file = newFile();
    const sink = await ArchiveSink.open(file, { run: 'r', source: 's' }, new Date());
    await sink.write([{ id: '1', body: Buffer.from('x') }]);
    await sink.close();
    const again = () => sink.write([{ id: '2', body: null }]);
    await expect(again()).rejects.toThrow();
    await expect(again()).rejects.toThrow();
    expect(sink.messages).toBe(1);
    await truncate(file, 0);
  });
});

test('a message of any shape comes back from JSON as it was', () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
  const text = fc.string({ unit: 'grapheme' });
  const attribute = fc.record({ type: text, value: fc.oneof(text, bytes) });
  const message: fc.Arbitrary<Message> = fc.record(
    {
      id: text,
      body: fc.option(bytes),
      attributes: fc.dictionary(text, attribute),
      key: text,
      type: text,
      priority: text,
      attempts: fc.nat(),
      enqueuedAt: text,
      notBefore: text,
      system: fc.dictionary(text, text),
    },
    { requiredKeys: ['id', 'body'], noNullPrototype: true },
  );
  fc.assert(
    fc.property(message, (one) => {
      expect(messageFromJson(JSON.parse(JSON.stringify(messageToJson(one))))).toEqual(one);
    }),
  );
});
