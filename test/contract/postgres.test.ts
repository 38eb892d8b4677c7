import { beforeAll, describe, expect, test } from 'vitest';
import { drain, type Entry, ownDatabase, partitionedEntries } from '../drain/driver.ts';
import { uniqueName } from '../support/shared.ts';
import { allBytes, SIZES, TEXTS, textOfSize } from './payloads.ts';

let database: Awaited<ReturnType<typeof ownDatabase>>;

beforeAll(async () => {
  database = await ownDatabase();
});

const MODES = ['move', 'copy'] as const;
const CASES = MODES.flatMap((mode) => [1, 4].map((partitions) => ({ mode, partitions })));

/** Fills a table, drains it, and returns the entries by id. */
async function carried(
  type: string,
  values: (string | Buffer | null)[],
  { mode, partitions }: { mode: 'move' | 'copy'; partitions: number },
): Promise<Map<string, Entry>> {
  const table = uniqueName('kinds').replace('-', '_');
  const stream = uniqueName('kinds');
  await database.sql(`CREATE TABLE ${table} (id bigint PRIMARY KEY, payload ${type})`);
  for (const [i, value] of values.entries())
    await database.sql(`INSERT INTO ${table} VALUES (${i}, $1)`, [value]);
  const { report } = await drain({
    spec: { table, mode },
    database: database.url,
    target: { stream, partitions },
    settings: { workers: mode === 'copy' ? 1 : 2 },
  });
  expect(report).toMatchObject({ converged: true, problems: [], appended: values.length });
  const [{ left }] = (await database.sql<{ left: string }>(`SELECT count(*) AS left FROM ${table}`)) as [
    { left: string },
  ];
  expect(Number(left)).toBe(mode === 'copy' ? values.length : 0);
  const entries = await partitionedEntries(stream, partitions);
  expect(entries).toHaveLength(values.length);
  return new Map(entries.map((entry) => [entry.text('id')!, entry]));
}

describe.each(CASES)('postgres, $mode, $partitions partitions: a body arrives byte for byte', (how) => {
  test('text of every kind', async () => {
    const entries = await carried(
      'text',
      TEXTS.map(([, body]) => body),
      how,
    );
    for (const [i, [name, body]] of TEXTS.entries())
      expect([name, entries.get(String(i))!.text('body')]).toEqual([name, body]);
  });

  test('json as it was written, jsonb as the server writes it', async () => {
    const [, written] = TEXTS.find(([name]) => name.startsWith('JSON'))!;
    const json = await carried('json', [written, 'null', '""', '[]'], how);
    expect(['0', '1', '2', '3'].map((id) => json.get(id)!.text('body'))).toEqual([
      written,
      'null',
      '""',
      '[]',
    ]);
    const jsonb = await carried('jsonb', [written, '"😀"'], how);
    const [{ text }] = (await database.sql<{ text: string }>('SELECT $1::jsonb::text AS text', [
      written,
    ])) as [{ text: string }];
    expect(jsonb.get('0')!.text('body')).toBe(text);
    expect(jsonb.get('1')!.text('body')).toBe('"😀"');
  });

  test('bytea with NUL and every other byte', async () => {
    const bodies = [allBytes(), Buffer.alloc(0), Buffer.from([0]), Buffer.alloc(70_000)];
    const entries = await carried('bytea', bodies, how);
    for (const [i, body] of bodies.entries())
      expect(entries.get(String(i))!.get('body')!.equals(body)).toBe(true);
  });

  test('0 bytes to 1 MB', async () => {
    const entries = await carried('text', SIZES.map(textOfSize), how);
    for (const [i, size] of SIZES.entries())
      expect(entries.get(String(i))!.text('body') === textOfSize(size)).toBe(true);
  });

  test('NULL has no body field, and the empty text has an empty one', async () => {
    const entries = await carried('text', [null, ''], how);
    expect(entries.get('0')!.get('body')).toBeUndefined();
    expect(entries.get('1')!.get('body')).toEqual(Buffer.alloc(0));
  });
});

describe.each(CASES)('postgres, $mode, $partitions partitions: all fields of an entry', (how) => {
  test('stand in the order of the documentation, and absent ones are left out', async () => {
    const table = uniqueName('fields').replace('-', '_');
    const stream = uniqueName('fields');
    await database.sql(`CREATE TABLE ${table} (id bigint PRIMARY KEY, payload text, kind text, agent text,
      weight int, tries int, at timestamptz, later timestamp, tenant text, raw bytea)`);
    await database.sql(`INSERT INTO ${table} VALUES
      (1, 'full', 'alert', 'a7', 5, 2, '2026-01-02 03:04:05.678901+01', '2026-01-02 03:04:05', 'Ünïcode "x"', '\\x00ff'),
      (2, 'bare', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`);
    const { report } = await drain({
      spec: {
        table,
        mode: how.mode,
        type: 'kind',
        key: 'agent',
        priority: 'weight',
        attempts: 'tries',
        enqueuedAt: 'at',
        notBefore: 'later',
        attributes: { tenant: 'tenant', raw: 'raw', joined: "tenant || '!'" },
      },
      database: database.url,
      target: { stream, partitions: how.partitions },
      settings: { workers: how.mode === 'copy' ? 1 : 2 },
    });
    expect(report.problems).toEqual([]);
    const entries = await partitionedEntries(stream, how.partitions);
    const full = entries.find((entry) => entry.text('id') === '1')!;
    expect(full.fields.map(([name, value]) => [name, value.toString('latin1')])).toEqual([
      ['id', '1'],
      ['body', 'full'],
      ['type', 'alert'],
      ['key', 'a7'],
      ['priority', '5'],
      ['attempts', '2'],
      ['enqueuedAt', '2026-01-02T02:04:05.678901Z'],
      ['notBefore', '2026-01-02T03:04:05.000000Z'],
      ['attr.tenant', Buffer.from('Ünïcode "x"').toString('latin1')],
      ['attr.raw', '\x00\xff'],
      ['attr.joined', Buffer.from('Ünïcode "x"!').toString('latin1')],
      ['source', table],
      ['run', report.run],
    ]);
    const bare = entries.find((entry) => entry.text('id') === '2')!;
    expect(bare.fields.map(([name]) => name)).toEqual(['id', 'body', 'source', 'run']);
  });
});
