import type { PostgresSpec } from '../spec.ts';
import { poolerFinding, tell } from './findings.ts';
import type { FormatChoice, FoundQueue, QueueFormat } from './format.ts';
import { goodJobFacts } from './good-job-facts.ts';
import { goodJobPauses } from './good-job-pauses.ts';
import { liveWorkers } from './live-workers.ts';
import { anyOf, CLAIMS_BEGIN, inQueues, nowFor, timeFor } from './parts.ts';
import { qualified, tablesNamed } from './relations.ts';
import { addedColumns, missingColumns, notedColumns, unknownShape } from './tables.ts';

const TABLE = 'good_jobs';
const NEEDED = [
  ...['id', 'queue_name', 'priority', 'serialized_params', 'scheduled_at', 'performed_at', 'finished_at'],
  ...['error', 'created_at', 'updated_at', 'active_job_id', 'concurrency_key', 'cron_key', 'cron_at'],
  ...['batch_id', 'batch_callback_id', 'executions_count', 'job_class', 'error_event', 'labels'],
  ...['locked_by_id', 'locked_at'],
];
/** Of good_job 3, which good_job 4 ignores, and what says who runs a job. */
const NOT_CARRIED = ['is_discrete', 'retried_good_job_id', 'lock_type'];

/** The key that good_job's workers lock a row of `table` by. */
const lockKey = (table: string, id: string): string =>
  `('x' || substr(md5('${table}' || '-' || ${id}::text), 1, 16))::bit(64)::bigint`;

/**
 * good_job: workers take a job by the advisory lock of its id, by `locked_by_id` under a row lock, or by
 * both, as they are configured. A claim does both, and marks the job finished: no worker takes what is
 * finished, and all look again once they have the lock.
 */
export const goodJob: QueueFormat = {
  name: 'good-job',
  title: 'good_job',
  versions: 'the tables of good_job 4',

  async detect(client) {
    const tables = await tablesNamed(client, TABLE, []);
    return tables.map(({ schema, types }) => ({ schema, version: '4', facts: { columns: types } }));
  },

  async describe(_client, found, choice) {
    const missing = missingColumns(notedColumns(found), NEEDED);
    if (missing.length > 0) {
      const what = `${TABLE} has no column ${missing.join(', ')}`;
      throw unknownShape(goodJob, found, what, 'rails generate good_job:update brings it up to date');
    }
    return specOf(found, choice);
  },

  async workers(client, found) {
    return liveWorkers(
      client,
      `SELECT concat_ws(':', p.state->>'hostname', coalesce(p.state->>'pid', p.id::text)) AS name,
              p.updated_at::timestamptz AS at
         FROM ${qualified(found.schema, 'good_job_processes')} p WHERE ${alive(found)} ORDER BY 1`,
    );
  },

  async findings(client, found, { include }) {
    const facts = goodJobFacts(found, include, alive(found));
    return [...(await poolerFinding(client)), ...(await tell(client, facts))];
  },

  freeze: goodJobPauses,
};

/** As good_job itself tells processes that are gone: by their own lock, or by five minutes of silence. */
function alive(found: FoundQueue): string {
  const now = nowFor(notedColumns(found).created_at);
  return `CASE WHEN p.lock_type = 0 THEN ${isLocked(lockKey('good_job_processes', 'p.id'))}
    ELSE p.updated_at > ${now} - interval '5 minutes' END`;
}

/** Whether any session holds the advisory lock of that key. */
function isLocked(key: string): string {
  return `EXISTS (SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32) + l.objid::bigint = ${key})`;
}

/** Which jobs are wanted. */
function readyOf(found: FoundQueue, { include }: FormatChoice): string {
  const now = nowFor(notedColumns(found).scheduled_at);
  const due = include.includes('scheduled') ? '' : ` AND t.scheduled_at <= ${now}`;
  const processes = qualified(found.schema, 'good_job_processes');
  return anyOf([
    `t.finished_at IS NULL AND t.performed_at IS NULL AND t.locked_by_id IS NULL${due}`,
    include.includes('running')
      ? `t.finished_at IS NULL AND (t.performed_at IS NOT NULL OR t.locked_by_id IS NOT NULL)
         AND NOT EXISTS (SELECT 1 FROM ${processes} p WHERE p.id = t.locked_by_id AND ${alive(found)})`
      : undefined,
    include.includes('dead')
      ? 't.finished_at IS NOT NULL AND t.error IS NOT NULL AND t.locked_by_id IS NULL'
      : undefined,
  ]);
}

function specOf(found: FoundQueue, choice: FormatChoice): PostgresSpec {
  const columns = notedColumns(found);
  const mark = timeFor(columns.finished_at, ':time::timestamptz');
  const ready = readyOf(found, choice);
  return {
    format: 'good-job',
    version: found.version,
    table: qualified(found.schema, TABLE),
    id: ['id'],
    payload: 'serialized_params',
    // Rows of good_job 3 whose id is not that of the Active Job are locked by another key.
    ready: `${ready} AND (t.active_job_id IS NULL OR t.active_job_id = t.id)${inQueues('queue_name', choice.queues)}`,
    rank: 't.priority ASC NULLS LAST, t.created_at, t.id',
    type: 'job_class',
    priority: 'priority',
    attempts: 'executions_count',
    enqueuedAt: 'created_at',
    notBefore: 'scheduled_at',
    attributes: attributesOf(columns),
    done: { delete: true },
    mode: 'move',
    claim: {
      advisory: lockKey(TABLE, 't.id'),
      set: { locked_by_id: ':uuid', finished_at: `coalesce(t.finished_at, ${mark})` },
      held: 't.locked_by_id = :uuid',
      // A process of good_job has a random uuid, which is of version 4.
      anyones: { held: `substr(t.locked_by_id::text, 15, 1) = '8'` },
      release: { locked_by_id: 'NULL', finished_at: `nullif(t.finished_at, ${mark})` },
    },
    notify: ['good_job'],
    restore: { queue_name: "m.attr->>'queue'", finished_at: "m.attr->>'finished_at'" },
  };
}

function attributesOf(columns: Record<string, string>): Record<string, string> {
  const names = ['error', 'error_event', 'performed_at', 'updated_at', 'active_job_id', 'concurrency_key'];
  names.push('cron_key', 'cron_at', 'batch_id', 'batch_callback_id', 'labels');
  return {
    queue: 'queue_name',
    priorityOrder: "'lower-first'",
    ...Object.fromEntries(names.map((name) => [name, name])),
    // Of a dead job only: the claim itself looks like a time from 2999 on.
    finished_at: `CASE WHEN finished_at < ${timeFor(columns.finished_at, CLAIMS_BEGIN)} THEN finished_at END`,
    ...addedColumns(columns, [...NEEDED, ...NOT_CARRIED]),
  };
}
