import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entriesOf, ownDatabase } from '../drain/driver.ts';
import { runQctl } from '../support/qctl.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let database: Awaited<ReturnType<typeof ownDatabase>>;
let folder: string;

beforeAll(async () => {
  database = await ownDatabase();
  folder = mkdtempSync(join(tmpdir(), 'qctl-claim-'));
  await database.sql('CREATE TABLE jobs (id bigint PRIMARY KEY, payload text, kind text, "Taken By" text)');
  await database.sql(
    `INSERT INTO jobs SELECT i, '{"risk":' || i % 2 || '}', 'k' || i % 2 FROM generate_series(1, 40) i`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const ends = () => ['--redis-url', sharedRedisUrl(), '--postgres-url', database.url];
const drain = (...args: string[]) => runQctl(['drain', 'postgres', ...args, ...ends()]);

test('a claim column, types and a filter come from flags or from the file, and a run is resumed by its name', async () => {
  const stream = uniqueName('claim');
  const config = join(folder, 'qctl.yaml');
  writeFileSync(
    config,
    `profiles:
  default:
    sources:
      jobs: { kind: postgres, table: jobs, type: kind, claimColumn: Taken By, types: [k0], filter: 'body.risk == \`0\`' }
`,
  );
  const begun = await drain(
    'jobs',
    '--config',
    config,
    '--stream',
    stream,
    '--limit',
    '7',
    '--yes',
    '-o',
    'json',
  );
  expect(begun.code, begun.stderr).toBe(0);
  expect(begun.stderr).toContain('each row is claimed first (Taken By), then deleted');
  const { run, appended } = JSON.parse(begun.stdout);
  expect(appended).toBe(7);
  const resumed = await drain(
    '--resume',
    run,
    '--stream',
    stream,
    '--settle',
    '100ms',
    '--yes',
    '-o',
    'json',
  );
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(JSON.parse(resumed.stdout)).toMatchObject({ run, appended: 20, converged: true, unmatched: 0 });
  expect(await database.sql('SELECT DISTINCT kind, "Taken By" FROM jobs')).toEqual([
    { kind: 'k1', 'Taken By': null },
  ]);
  const flags = [
    '--table',
    'jobs',
    '--claim-column',
    'Taken By',
    '--filter',
    'id == `"33"`',
    '--settle',
    '100ms',
  ];
  const one = await drain(...flags, '--payload', 'payload', '--stream', stream, '--yes');
  expect(one.code, one.stderr).toBe(0);
  expect(one.stdout).toMatch(/remaining\s+0, 19 left by --filter/);
  const ids = (await entriesOf(stream)).map((entry) => Number(entry.text('id')));
  expect(ids.toSorted((a, b) => a - b)).toEqual(
    [...Array.from({ length: 20 }, (_, i) => 2 * i + 2), 33].sort((a, b) => a - b),
  );
});

test('a claim column makes no sense where nothing leaves the table', async () => {
  const { code, stderr } = await drain(
    ...['--table', 'jobs', '--claim-column', 'Taken By', '--mode', 'copy', '--stream', 's', '--yes'],
  );
  expect(code).toBe(2);
  expect(stderr).toContain('copy mode leaves the table as it is');
});
