import pg from 'pg';
import type { FormatCase, JobCase, Sql } from '../test/contract/formats/case.ts';
import { FORMAT_CASES } from '../test/contract/formats/index.ts';
import { type QctlRun, runDrain } from './child.ts';
import { rate, type Tell } from './result.ts';
import { copyRowsTo, type Rig } from './rig.ts';

const CLIENTS = 4;

/** Moves every format of a job library, against a plain table without a claim of as many rows. */
export async function benchFormats(rig: Rig, jobs: number, tell: Tell): Promise<void> {
  for (const format of FORMAT_CASES) {
    const ours = await moveFormat(rig, format, jobs);
    const plain = await movePlain(rig, jobs);
    tell({
      name: `${format.name}, ${jobs} jobs claimed, vs a plain table without a claim`,
      ours: rate(jobs, ours.elapsedMs),
      baseline: rate(jobs, plain.elapsedMs),
      ratio: plain.elapsedMs / ours.elapsedMs,
      goal: null,
      note: 'the drain alone, 2 workers, one round; the plain table has larger rows',
    });
  }
}

async function moveFormat(rig: Rig, format: FormatCase, jobs: number): Promise<QctlRun> {
  const database = await rig.postgres.createDatabase();
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect(database)));
  const [first] = clients.map(asking);
  await format.setup(first!, database);
  const job = await repeatable(format, first!);
  await Promise.all(
    clients.map(async (client, i) => {
      for (let n = i; n < jobs; n += CLIENTS) await job.insert(asking(client));
    }),
  );
  await first!('VACUUM ANALYZE');
  const held = await first!<{ n: number }>(`SELECT count(*)::int AS n FROM ${format.table}`);
  await Promise.all(clients.map((client) => client.end()));
  await rig.flush();
  const args = ['postgres', '--format', format.name, '--stream', 'bench', '--workers', '2'];
  const run = await runDrain(args, { ...rig.env, DATABASE_URL: database });
  if (run.appended < jobs) throw new Error(`${format.name}: ${run.appended} of ${held[0]!.n} jobs moved`);
  return run;
}

async function movePlain(rig: Rig, rows: number): Promise<QctlRun> {
  await rig.flush();
  await copyRowsTo(rig, 'bench_rows', 'bench_plain');
  await rig.sql(`DELETE FROM bench_plain WHERE id > ${rows}`);
  await rig.sql('VACUUM ANALYZE bench_plain');
  return runDrain(['postgres', '--table', 'bench_plain', '--stream', 'bench', '--workers', '2'], rig.env);
}

/** A job that is ready and may stand there any number of times. */
async function repeatable(format: FormatCase, sql: Sql): Promise<JobCase> {
  for (const job of format.jobs.filter(({ state }) => state === 'ready')) {
    const [first, second] = [await insert(job, sql), await insert(job, sql)];
    if (first !== undefined && second !== undefined && first !== second) return job;
  }
  throw new Error(`${format.name}: every ready job has a key that is its own`);
}

/** Undefined where it stands there already. */
function insert(job: JobCase, sql: Sql): Promise<string | undefined> {
  return job.insert(sql).catch(() => undefined);
}

async function connect(database: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  return client;
}

function asking(client: pg.Client): Sql {
  return async <T extends object>(text: string, params?: unknown[]) =>
    (await client.query(text, params)).rows as T[];
}
