import { Logger, run } from 'graphile-worker';
import PgBoss from 'pg-boss';
import type { FormatName } from '../../src/sources/postgres/spec.ts';
import type { FormatCase } from '../contract/formats/case.ts';
import { sessionOf } from '../sources/formats/describe.ts';
import { QUE_CHECK, QUE_DESTROY } from '../sources/formats/schemas/que.ts';

/** A worker of the library that nobody has stopped: what it takes stays at work, or is done and gone. */
export interface LibraryWorker {
  /** Ids of the jobs that it has taken. */
  worked: string[];
  stop(): Promise<void>;
}

/** Between two jobs: a few dozen a second. */
const PAUSE_MS = 25;
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, PAUSE_MS));

type Start = (url: string, format: FormatCase, worked: string[]) => Promise<() => Promise<unknown>>;

/** Starts one of the library's workers. */
export async function startLibraryWorker(format: FormatCase, url: string): Promise<LibraryWorker> {
  const worked: string[] = [];
  const stop = await STARTS[format.name as keyof typeof STARTS](url, format, worked);
  return { worked, stop: async () => void (await stop()) };
}

/** Takes one job after the other until it is stopped; null: there was none. */
function again(take: () => Promise<string | null>, worked: string[]): () => Promise<void> {
  let working = true;
  const work = async (): Promise<void> => {
    while (working) {
      const id = await take();
      if (id !== null) worked.push(id);
      await pause();
    }
  };
  const done = work();
  done.catch(() => undefined);
  return () => {
    working = false;
    return done;
  };
}

/** By the library's statement; `turn` counts from 1. */
const taking =
  (statement: (format: FormatCase, turn: number) => string): Start =>
  async (url, format, worked) => {
    const session = await sessionOf(url);
    let turn = 0;
    const take = async () => {
      turn += 1;
      return (await session.query(statement(format, turn))).rows[0]?.id ?? null;
    };
    const stop = again(take, worked);
    return () => stop().finally(() => session.end());
  };

const one = ({ fetch }: FormatCase): string => fetch.replace('LIMIT 100', 'LIMIT 1');

const STARTS: Record<Exclude<FormatName, 'generic'>, Start> = {
  pgboss: async (url, _format, worked) => {
    const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false, max: 1 });
    await boss.start();
    const stop = again(async () => (await boss.fetch('mails'))[0]?.id ?? null, worked);
    return () => stop().finally(() => boss.stop({ graceful: false }));
  },
  'graphile-worker': async (url, _format, worked) => {
    const sort = (_payload: unknown, { job }: { job: { id: string } }) => {
      worked.push(String(job.id));
      return pause();
    };
    const logger = new Logger(() => () => undefined);
    const quiet = { concurrency: 1, noHandleSignals: true, pollInterval: 100, logger };
    const runner = await run({ connectionString: url, ...quiet, taskList: { sort } });
    return () => runner.stop();
  },
  pgmq: taking((format) => one(format).replace('30 seconds', '1 hour')),
  river: taking(one),
  oban: taking(one),
  'solid-queue': taking(
    () => `
      WITH got AS (DELETE FROM solid_queue_ready_executions WHERE id IN (
        SELECT id FROM solid_queue_ready_executions ORDER BY priority, job_id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *)
      INSERT INTO solid_queue_claimed_executions (job_id, process_id, created_at)
      SELECT job_id, 1, created_at FROM got RETURNING job_id::text AS id`,
  ),
  // It takes the lock, asks once more, works, deletes.
  que: async (url, { fetch }, worked) => {
    const session = await sessionOf(url);
    const take = async () => {
      const [job] = (await session.query(fetch)).rows;
      if (!job) return null;
      const mine = (await session.query(QUE_CHECK, [job.id])).rows.length > 0;
      if (mine) await session.query(QUE_DESTROY, [job.id]);
      await session.query('SELECT pg_advisory_unlock($1)', [job.id]);
      return mine ? job.id : null;
    };
    const stop = again(take, worked);
    return () => stop().finally(() => session.end());
  },
  procrastinate: taking(
    () =>
      // One that does not beat for half a minute is taken for dead.
      `WITH beat AS (UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = 1)
       SELECT id::text FROM procrastinate_fetch_job_v2(ARRAY['mails']::varchar[], 1) WHERE id IS NOT NULL`,
  ),
  // One and the same would be given the job again that it is at.
  'delayed-job': taking((format, turn) => one(format).replaceAll('host:w pid:1', `host:old pid:${turn}`)),
  'good-job': taking(one),
};
