import pg from 'pg';
import type { Analysis } from '../src/analyse/index.ts';
import { type Run, runQctl } from './child.ts';
import { median, type Result, type Tell } from './result.ts';
import type { Rig } from './rig.ts';

/** Bodies of a workload as SQL over `n`, and how many of them for a million rows asked for. */
interface Workload {
  name: string;
  share: number;
  body: string;
}

const WORKLOADS: Workload[] = [
  {
    name: 'small bodies',
    share: 2,
    body: `'{"alert":' || n || ',"level":"low","agent":"agent-' || n % 250 || '"}'`,
  },
  { name: 'large bodies', share: 0.05, body: 'repeat(md5(n::text), 640)' },
  {
    name: 'skewed bodies',
    share: 1,
    body: `CASE WHEN n % 100 = 0 THEN repeat(md5(n::text), 640) WHEN n % 10 = 0 THEN repeat(md5(n::text), 64) ELSE repeat('y', 60 + (n % 80)::int) END`,
  },
];

/** What an analysis foretells against what the drain then takes; and how long it takes to look at many rows. */
export async function benchAnalyse(rig: Rig, rows: number, rounds: number, tell: Tell): Promise<void> {
  for (const workload of WORKLOADS)
    for (const mode of ['move', 'copy'] as const)
      await benchForecast(rig, workload, mode, Math.round(rows * workload.share), rounds, tell);
  await benchMany(rig, rows * 10, tell);
}

interface Pair {
  forecast: NonNullable<Analysis['moves'][number]['forecast']>;
  run: Run;
  memoryBytes: number;
}

async function benchForecast(
  rig: Rig,
  { name, body }: Workload,
  mode: 'move' | 'copy',
  rows: number,
  rounds: number,
  tell: Tell,
): Promise<void> {
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) pairs.push(await foretold(rig, body, mode, rows));
  const times = pairs.map(({ forecast, run }) => [forecast.durationMs!, run.wallMs]);
  const ratios = times.map(([ours, theirs]) => ours! / theirs!);
  const title = `${rows.toLocaleString('en-GB')} ${name}, ${mode}`;
  tell({
    name: `time foretold vs taken: ${title}`,
    ours: seconds(median(times.map(([ours]) => ours!))),
    baseline: seconds(median(times.map(([, theirs]) => theirs!))),
    ...distance(ratios, 1.25),
    note: `rounds ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}; whole processes${mode === 'copy' ? ', both sides compared at the end' : ''}`,
  });
  const sizes = pairs.map(({ forecast, memoryBytes }) => forecast.memory!.totalBytes / memoryBytes);
  tell({
    name: `memory foretold vs taken: ${title}`,
    ours: megabytes(pairs[0]!.forecast.memory!.totalBytes),
    baseline: megabytes(pairs[0]!.memoryBytes),
    ...distance(sizes, 1.15),
  });
}

/** How far the middle ratio is from 1, turned so that it is above. */
function distance(ratios: number[], atMost: number): Pick<Result, 'ratio' | 'goal'> {
  const ratio = median(ratios);
  return { ratio: Math.max(ratio, 1 / ratio), goal: { atMost } };
}

async function foretold(rig: Rig, body: string, mode: 'move' | 'copy', rows: number): Promise<Pair> {
  await fill(rig, body, rows);
  await rig.flush();
  const args = ['--table', 'bench_look', '--mode', mode];
  const analysis = await analyse(rig, [...args, '--target', 'bench']);
  const before = await usedMemory(rig);
  const flags = ['--stream', 'bench', '--yes', '--quiet', '-o', 'json'];
  const run = await runQctl(['drain', 'postgres', ...args, ...flags], rig.env);
  const { appended } = JSON.parse(run.stdout) as { appended: number };
  if (appended !== rows) throw new Error(`${appended} of ${rows} rows drained`);
  const memoryBytes = (await usedMemory(rig)) - before;
  return { forecast: analysis.moves[0]!.forecast!, run, memoryBytes };
}

async function analyse(rig: Rig, args: string[]): Promise<Analysis & { wallMs: number }> {
  const { stdout, wallMs } = await runQctl(['analyse', ...args, '-o', 'json'], rig.env);
  return { ...(JSON.parse(stdout) as Analysis), wallMs };
}

async function fill(rig: Rig, body: string, rows: number): Promise<void> {
  await rig.sql(`
    DROP TABLE IF EXISTS bench_look;
    CREATE TABLE bench_look (id bigserial PRIMARY KEY, payload text NOT NULL);
    INSERT INTO bench_look (payload) SELECT ${body} FROM generate_series(1, ${rows}) n`);
  await rig.sql('VACUUM ANALYZE bench_look');
  await rig.sql('CHECKPOINT');
}

async function usedMemory(rig: Rig): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await rig.client.info('memory'))![1]);
}

/** A table of which one row in a hundred is ready, at its end, and no index says which. */
async function benchMany(rig: Rig, rows: number, tell: Tell): Promise<void> {
  await rig.sql(`
    DROP TABLE IF EXISTS bench_look;
    CREATE TABLE bench_look (id bigserial PRIMARY KEY, state text NOT NULL, kind text, created_at timestamptz NOT NULL, payload text NOT NULL);
    INSERT INTO bench_look (state, kind, created_at, payload)
    SELECT CASE WHEN n > ${rows} * 0.99 THEN 'pending' ELSE 'done' END, 'kind-' || n % 7, now() - (${rows} - n) * interval '1 ms', repeat('x', 100 + (n % 200)::int)
      FROM generate_series(1, ${rows}) n`);
  await rig.sql('VACUUM ANALYZE bench_look');
  const flags = [
    '--table',
    'bench_look',
    '--ready',
    "state = 'pending'",
    '--type',
    'kind',
    '--enqueued-at',
    'created_at',
  ];
  const before = await readOf(rig);
  const { wallMs, moves } = await analyse(rig, [...flags, '--target', 'bench']);
  const after = await readOf(rig);
  const source = moves[0]!.source as { ready: { value: number; how: string } };
  const counted = `ready ${source.ready.value.toLocaleString('en-GB')} (${source.ready.how}), really ${(rows / 100).toLocaleString('en-GB')}`;
  tell({
    name: `analysis of ${rows.toLocaleString('en-GB')} rows, whole process, vs 10 s`,
    ours: seconds(wallMs),
    baseline: '10.0 s',
    ratio: wallMs / 10_000,
    goal: { atMost: 1 },
    note: counted,
  });
  tell({
    name: `pages that it looks at, vs all ${after.pages.toLocaleString('en-GB')} of the table`,
    ours: String(after.looked - before.looked),
    baseline: String(after.pages),
    ratio: (after.looked - before.looked) / after.pages,
    goal: { atMost: 0.1 },
    note: `${after.scanned - before.scanned} rows by sequential scans`,
  });
}

/** What all sessions have read of the table since the statistics began. */
async function readOf(rig: Rig): Promise<{ looked: number; scanned: number; pages: number }> {
  const client = new pg.Client({ connectionString: rig.database });
  await client.connect();
  const { rows } = await client.query(
    `SELECT (heap_blks_read + heap_blks_hit)::float8 AS looked, seq_tup_read::float8 AS scanned,
            (pg_relation_size(io.relid) / 8192)::float8 AS pages
       FROM pg_statio_user_tables io JOIN pg_stat_user_tables t USING (relid) WHERE io.relname = 'bench_look'`,
  );
  await client.end();
  return rows[0];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
