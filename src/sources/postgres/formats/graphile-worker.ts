import type { Client } from 'pg';
import { namesRun } from '../claim-names.ts';
import type { PostgresSpec } from '../spec.ts';
import type { FormatChoice, FoundQueue, QueueFormat } from './format.ts';
import { graphileFindings, graphileWorkers } from './graphile-worker-facts.ts';
import { requireQueues, UNREADABLE, unknownVersion } from './refusals.ts';
import { isOneOf, qualified, rowsIfAllowed, tablesNamed } from './relations.ts';

const TITLED = { title: 'Graphile Worker', versions: 'migrations 16 to 19 (graphile-worker 0.16 and 0.17)' };
const OLDEST = 16;
const NEWEST = 19;
const JOBS = '_private_jobs';
const QUEUES = '_private_job_queues';
const TASKS = '_private_tasks';
const ATTRIBUTES = {
  priorityOrder: `'lower-first'`,
  key: 'key',
  max_attempts: 'max_attempts',
  last_error: 'last_error',
  revision: 'revision',
  flags: 'flags',
  updated_at: 'updated_at',
};
/** After this long the library takes a lock for forgotten. */
const STALE = `now() - interval '4 hours'`;

/** `graphile_worker._private_jobs` with its named queues and tasks. */
export const graphileWorker: QueueFormat = {
  name: 'graphile-worker',
  ...TITLED,
  detect,
  describe,
  workers: graphileWorkers,
  findings: graphileFindings,
};

async function detect(client: Client): Promise<FoundQueue[]> {
  const found: FoundQueue[] = [];
  const migrations = await tablesNamed(client, 'migrations', ['id', 'ts', 'breaking']);
  const older = await tablesNamed(client, 'jobs', ['id', 'payload', 'locked_by', 'run_at']);
  const jobs = await tablesNamed(client, JOBS, ['id', 'payload', 'locked_by', 'run_at']);
  for (const { schema } of [...jobs, ...older]) {
    if (!migrations.some((table) => table.schema === schema)) continue;
    const rows = await rowsIfAllowed<{ version: number }>(
      client,
      `SELECT max(id) AS version FROM ${qualified(schema, 'migrations')}`,
    );
    found.push({ schema, version: String(rows[0]?.version ?? UNREADABLE), facts: {} });
  }
  return found;
}

async function describe(client: Client, found: FoundQueue, choice: FormatChoice): Promise<PostgresSpec> {
  const version = Number(found.version);
  if (!(version >= OLDEST && version <= NEWEST)) throw unknownVersion(TITLED, found, 'migrations');
  const queues = qualified(found.schema, QUEUES);
  const tasks = qualified(found.schema, TASKS);
  if (choice.queues) await checkQueues(client, queues, choice.queues);
  const queueName = `(SELECT q.queue_name FROM ${queues} q WHERE q.id = job_queue_id)`;
  return {
    format: 'graphile-worker',
    version: found.version,
    table: qualified(found.schema, JOBS),
    id: ['id'],
    payload: 'payload',
    ready: ready(queues, choice),
    rank: 't.priority, t.run_at, t.id',
    key: queueName,
    type: `(SELECT k.identifier FROM ${tasks} k WHERE k.id = task_id)`,
    priority: 'priority',
    attempts: 'attempts',
    enqueuedAt: 'created_at',
    notBefore: 'run_at',
    attributes: { queue: queueName, ...ATTRIBUTES },
    done: { delete: true },
    mode: 'move',
    // What is locked from the far future is neither available nor ever taken for forgotten.
    claim: {
      set: { locked_by: ':text', locked_at: ':time' },
      held: 't.locked_by = :text AND t.locked_at = :time',
      anyones: { held: namesRun('t.locked_by'), by: 't.locked_by' },
      release: { locked_by: 'NULL', locked_at: 'NULL' },
    },
    notify: ['jobs:insert'],
    restore: {
      task_id: `(SELECT k.id FROM ${tasks} k WHERE k.identifier = m.type)`,
      job_queue_id: `(SELECT q.id FROM ${queues} q WHERE q.queue_name = m.attr ->> 'queue')`,
    },
  };
}

async function checkQueues(client: Client, queues: string, chosen: string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT queue_name AS name FROM ${queues} ORDER BY 1 LIMIT 1000`,
  );
  const known = rows.map(({ name }) => name);
  if (known.length < 1000) requireQueues(TITLED, chosen, known);
}

/** A named queue hands out one job at a time: while a worker has it, none of its jobs is ready. */
function ready(queues: string, { include, queues: chosen }: FormatChoice): string {
  const free = (also: string): string =>
    `(t.job_queue_id IS NULL OR t.job_queue_id IN (SELECT q.id FROM ${queues} q WHERE q.is_available${also}))`;
  const due = include.includes('scheduled') ? '' : ' AND t.run_at <= now()';
  const states = [`t.is_available${due} AND ${free('')}`];
  if (include.includes('dead')) states.push('t.locked_at IS NULL AND t.attempts >= t.max_attempts');
  if (include.includes('running'))
    states.push(`t.locked_at < ${STALE} AND ${free(` OR q.locked_at < ${STALE}`)}`);
  const which = chosen
    ? `t.job_queue_id IN (SELECT q.id FROM ${queues} q WHERE ${isOneOf('q.queue_name', chosen)}) AND `
    : '';
  return `${which}(${states.map((state) => `(${state})`).join(' OR ')})`;
}
