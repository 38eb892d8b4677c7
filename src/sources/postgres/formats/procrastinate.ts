import type { Client } from 'pg';
import type { PostgresSpec } from '../spec.ts';
import { missingRights, tell } from './findings.ts';
import type { FormatChoice, FoundQueue, QueueFormat } from './format.ts';
import { liveWorkers } from './live-workers.ts';
import { anyOf, CLAIMS_BEGIN, inQueues } from './parts.ts';
import { freeQueueingLock, procrastinateClaim } from './procrastinate-claim.ts';
import { procrastinateFacts } from './procrastinate-facts.ts';
import { isoUtc, qualified, tablesNamed } from './relations.ts';
import { addedColumns, missingColumns, notedColumns, unknownShape } from './tables.ts';

const TABLE = 'procrastinate_jobs';
const NEEDED = [
  ...['id', 'queue_name', 'task_name', 'priority', 'lock', 'queueing_lock', 'args', 'status', 'scheduled_at'],
  ...['attempts', 'abort_requested', 'worker_id'],
];
/** Later ones first: what the presence of each says. */
const FUNCTIONS: [name: string, version: string][] = [
  ['procrastinate_retry_job_v2', '3.4'],
  ['procrastinate_defer_jobs_v1', '3.2'],
  ['procrastinate_fetch_job_v2', '3.1'],
  ['procrastinate_fetch_job_v1', '3.0'],
  ['procrastinate_fetch_job', 'before 3'],
];
const UNDERSTOOD = ['3.4', '3.2', '3.1'];
/** Workers beat every 10 s, but one that is busy computing may miss some. */
const SILENCE = "interval '5 minutes'";

/**
 * procrastinate: a job is taken by `status` and `worker_id`; who is silent for long loses its jobs. A
 * claim is therefore the work of a worker of its own, whose last sign of life lies in the year 2999. Of
 * jobs with the same lock only one may be taken at a time, and in their order.
 */
export const procrastinate: QueueFormat = {
  name: 'procrastinate',
  title: 'procrastinate',
  versions: 'the schema of procrastinate 3.1 and later 3.x',
  ownTriggers: /^procrastinate_trigger_/,

  async detect(client) {
    const tables = await tablesNamed(client, TABLE, []);
    const found: FoundQueue[] = [];
    for (const { schema, types } of tables)
      found.push({ schema, version: await versionOf(client, schema), facts: { columns: types } });
    return found;
  },

  async describe(_client, found, choice) {
    check(found);
    return specOf(found, choice);
  },

  async workers(client, found) {
    return liveWorkers(
      client,
      `SELECT 'worker ' || w.id AS name, w.last_heartbeat AS at FROM ${workersOf(found)} w
        WHERE w.last_heartbeat > now() - ${SILENCE} AND w.last_heartbeat < ${CLAIMS_BEGIN} ORDER BY w.id`,
    );
  },

  async findings(client, found, { include }) {
    const events = qualified(found.schema, 'procrastinate_events');
    const rights = await missingRights(client, [
      [workersOf(found), ['SELECT', 'INSERT', 'DELETE']],
      [events, ['SELECT', 'INSERT']],
      [qualified(found.schema, 'procrastinate_periodic_defers'), ['SELECT', 'UPDATE']],
    ]);
    return [
      ...rights,
      ...(await tell(client, procrastinateFacts(found, include, abandoned(workersOf(found))))),
    ];
  },
};

function workersOf(found: FoundQueue): string {
  return qualified(found.schema, 'procrastinate_workers');
}

async function versionOf(client: Client, schema: string): Promise<string> {
  const { rows } = await client.query(
    `SELECT p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname = $1 AND p.proname = ANY($2::text[])`,
    [schema, FUNCTIONS.map(([name]) => name)],
  );
  const present = rows.map(({ name }) => name);
  return FUNCTIONS.find(([name]) => present.includes(name))?.[1] ?? 'unknown, without a fetch function';
}

function check(found: FoundQueue): void {
  const missing = missingColumns(notedColumns(found), NEEDED);
  if (UNDERSTOOD.includes(found.version) && missing.length === 0) return;
  const lacking = missing.length > 0 ? `, ${TABLE} has no column ${missing.join(', ')}` : '';
  const remedy =
    'the migrations of procrastinate bring an older one up to date: procrastinate schema --migrations-path';
  throw unknownShape(procrastinate, found, `schema ${found.version}${lacking}`, remedy);
}

function specOf(found: FoundQueue, choice: FormatChoice): PostgresSpec {
  const table = qualified(found.schema, TABLE);
  const workers = workersOf(found);
  return {
    format: 'procrastinate',
    version: found.version,
    table,
    id: ['id'],
    payload: 'args',
    ready: `${readyOf(table, workers, choice)}${inQueues('queue_name', choice.queues)}`,
    rank: 't.priority DESC, t.id',
    key: 'lock',
    type: 'task_name',
    priority: 'priority',
    attempts: 'attempts',
    enqueuedAt: deferredAt(qualified(found.schema, 'procrastinate_events')),
    notBefore: 'scheduled_at',
    attributes: {
      queue: 'queue_name',
      priorityOrder: "'higher-first'",
      // In brackets, so that the way back gives it up where another job has got it meanwhile.
      queueing_lock: '(queueing_lock)',
      status: "(CASE WHEN status = 'failed' THEN 'failed' END)",
      ...addedColumns(notedColumns(found), NEEDED),
    },
    done: { delete: true },
    mode: 'move',
    claim: procrastinateClaim(table, workers),
    notify: ['procrastinate_any_queue_v1'],
    restore: {
      queue_name: "coalesce(m.attr->>'queue', 'default')",
      queueing_lock: freeQueueingLock(
        table,
        "m.attr->>'queueing_lock'",
        "coalesce(m.attr->>'status', 'todo')",
      ),
      status: `coalesce(m.attr->>'status', 'todo')::${qualified(found.schema, 'procrastinate_job_status')}`,
    },
  };
}

/** Which jobs are wanted. */
function readyOf(table: string, workers: string, { queues, include }: FormatChoice): string {
  const scheduled = include.includes('scheduled');
  const others = `SELECT w.id FROM ${workers} w WHERE w.last_heartbeat < ${CLAIMS_BEGIN}`;
  return anyOf([
    `t.status = 'todo'${scheduled ? '' : ' AND (t.scheduled_at IS NULL OR t.scheduled_at <= now())'} AND ${mayRun(table, queues, scheduled)}`,
    include.includes('running') ? `t.status = 'doing' AND ${abandoned(workers)}` : undefined,
    include.includes('dead')
      ? `t.status = 'failed' AND (t.worker_id IS NULL OR t.worker_id IN (${others}))`
      : undefined,
  ]);
}

/**
 * What procrastinate_fetch_job asks of a job with a lock, as far as it goes beyond order: none of its
 * lock is being run, and none that comes before it stays behind. There is no index by lock: which locks
 * have somebody waiting is asked once a statement, and only then who comes first.
 */
function mayRun(table: string, queues: string[] | undefined, scheduled: boolean): string {
  const running = `(t.lock IS NULL OR NOT EXISTS (SELECT 1 FROM ${table} o WHERE o.lock = t.lock AND o.status = 'doing'))`;
  const staying = [
    ...(scheduled ? [] : ['o.scheduled_at > now()']),
    ...(queues?.length ? [`NOT (true${inQueues('queue_name', queues, 'o')})`] : []),
  ];
  if (staying.length === 0) return running;
  const waiting = `FROM ${table} o WHERE o.status = 'todo' AND ${anyOf(staying)}`;
  return `${running} AND CASE
    WHEN t.lock IS NULL OR t.lock NOT IN (SELECT o.lock ${waiting} AND o.lock IS NOT NULL) THEN true
    ELSE NOT EXISTS (SELECT 1 ${waiting} AND o.lock = t.lock
      AND (o.priority > t.priority OR (o.priority = t.priority AND o.id < t.id))) END`;
}

function abandoned(workers: string): string {
  const silent = `SELECT w.id FROM ${workers} w WHERE w.last_heartbeat <= now() - ${SILENCE}`;
  return `(t.worker_id IS NULL OR t.worker_id IN (${silent}))`;
}

/** The table of jobs has no such column, but each has an event of it. */
function deferredAt(events: string): string {
  const first = `SELECT min(e.moment) FROM (
    SELECT job_id AS job, at AS moment FROM ${events} WHERE type = 'deferred') e WHERE e.job = id`;
  return isoUtc(`(${first})`);
}
