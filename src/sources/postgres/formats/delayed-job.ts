import { namesRun } from '../claim-names.ts';
import type { Includable, PostgresSpec } from '../spec.ts';
import { type Told, tell } from './findings.ts';
import type { FormatChoice, FoundQueue, QueueFormat } from './format.ts';
import { liveWorkers } from './live-workers.ts';
import { anyOf, inQueues, nowFor } from './parts.ts';
import { qualified, tablesNamed } from './relations.ts';
import { addedColumns, missingColumns, notedColumns, unknownShape } from './tables.ts';

const TABLE = 'delayed_jobs';
const NEEDED = [
  ...['id', 'priority', 'attempts', 'handler', 'last_error', 'run_at', 'locked_at', 'failed_at', 'locked_by'],
  ...['created_at', 'updated_at', 'queue'],
];
/** Canvas' fork has its own rules for order and limits. */
const OF_INST_JOBS = ['strand', 'next_in_strand', 'singleton', 'max_concurrent'];
/** `max_run_time` of the workers is not in the database; this is its default, after which a worker gives up. */
const MAX_RUN_TIME = "interval '4 hours'";

const OWN = "t.locked_by LIKE 'qctl:%'";

/**
 * delayed_job: a row is taken by `locked_by` and `locked_at`; who finds a lock older than four hours
 * takes it over, so a claim bears a time that is never older.
 */
export const delayedJob: QueueFormat = {
  name: 'delayed-job',
  title: 'delayed_job',
  versions: 'the tables of delayed_job_active_record 4',

  async detect(client) {
    const tables = await tablesNamed(client, TABLE, []);
    return tables.map(({ schema, types }) => ({ schema, version: '4', facts: { columns: types } }));
  },

  async describe(_client, found, choice) {
    check(found);
    return specOf(found, choice);
  },

  async workers(client, found) {
    const now = nowFor(notedColumns(found).locked_at);
    return liveWorkers(
      client,
      `SELECT t.locked_by AS name, max(t.locked_at)::timestamptz AS at FROM ${tableOf(found)} t
        WHERE t.failed_at IS NULL AND t.locked_at >= ${now} - ${MAX_RUN_TIME} AND NOT ${OWN}
        GROUP BY 1 ORDER BY 1`,
    );
  },

  findings: (client, found, { include }) => tell(client, told(found, include)),
};

function tableOf(found: FoundQueue): string {
  return qualified(found.schema, TABLE);
}

function check(found: FoundQueue): void {
  const columns = notedColumns(found);
  const missing = missingColumns(columns, NEEDED);
  if (missing.length > 0) {
    const what = `${TABLE} has no column ${missing.join(', ')}`;
    throw unknownShape(delayedJob, found, what, 'rails generate delayed_job:upgrade brings it up to date');
  }
  const foreign = OF_INST_JOBS.filter((name) => name in columns);
  if (foreign.length === 0) return;
  const what = `columns ${foreign.join(', ')} are those of inst-jobs, which has rules of its own`;
  throw unknownShape(delayedJob, found, what, '--table describes any table as a queue');
}

/** Which jobs are wanted. */
function readyOf(columns: Record<string, string>, { include }: FormatChoice): string {
  const due = include.includes('scheduled') ? 'true' : `t.run_at <= ${nowFor(columns.run_at)}`;
  return anyOf([
    `t.failed_at IS NULL AND t.locked_at IS NULL AND ${due}`,
    include.includes('running')
      ? `t.failed_at IS NULL AND t.locked_at < ${nowFor(columns.locked_at)} - ${MAX_RUN_TIME}`
      : undefined,
    include.includes('dead') ? `t.failed_at IS NOT NULL AND (${OWN}) IS NOT TRUE` : undefined,
  ]);
}

function specOf(found: FoundQueue, choice: FormatChoice): PostgresSpec {
  const columns = notedColumns(found);
  return {
    format: 'delayed-job',
    version: found.version,
    table: tableOf(found),
    id: ['id'],
    payload: 'handler',
    ready: `${readyOf(columns, choice)}${inQueues('queue', choice.queues)}`,
    rank: 't.priority, t.run_at, t.id',
    type: JOB_NAME,
    priority: 'priority',
    attempts: 'attempts',
    enqueuedAt: 'created_at',
    notBefore: 'run_at',
    attributes: {
      queue: 'queue',
      priorityOrder: "'lower-first'",
      last_error: 'last_error',
      failed_at: 'failed_at',
      updated_at: 'updated_at',
      ...addedColumns(columns, NEEDED),
    },
    done: { delete: true },
    mode: 'move',
    claim: {
      set: { locked_by: ':text', locked_at: ':time' },
      held: 't.locked_by = :text',
      anyones: { held: namesRun('t.locked_by'), by: 't.locked_by' },
      release: { locked_by: 'NULL', locked_at: 'NULL' },
    },
  };
}

/** The class that is to run, as the library's own logs name it, out of the first lines of its YAML. */
const JOB_NAME = `
  CASE WHEN handler LIKE '--- !ruby/object:ActiveJob::QueueAdapters::DelayedJobAdapter::JobWrapper%'
       THEN substring(handler from '\\n\\s+job_class: ["'']?([A-Za-z0-9_:]+)')
       WHEN handler ~ '^--- !ruby/object:Delayed::Performable(Method|Mailer)'
       THEN concat(coalesce(substring(handler from '\\nobject: !ruby/class ''?([A-Za-z0-9_:]+)') || '.',
                            substring(handler from '\\nobject: !ruby/\\w+:([A-Za-z0-9_:]+)') || '#'),
                   substring(handler from '\\nmethod_name: :?([^\\s]+)'))
       ELSE substring(handler from '!ruby/\\w+:([^\\s]+)') END`;

function told(found: FoundQueue, include: Includable[]): Told[] {
  const table = tableOf(found);
  const columns = notedColumns(found);
  const stale = `t.failed_at IS NULL AND t.locked_at < ${nowFor(columns.locked_at)} - ${MAX_RUN_TIME}`;
  const cron = 'cron' in columns ? [cronFinding(table)] : [];
  const locks: Told = {
    count: `SELECT count(*) AS n FROM ${table} t WHERE ${stale}`,
    level: 'note',
    code: 'STALE_LOCKS',
    text: (n) =>
      `${n} locked for more than 4 hours: a worker with the default max_run_time would take them; they stay`,
    remedy: '--include running takes them, where no worker of yours runs a job for longer than that',
  };
  return [...(include.includes('running') ? [] : [locks]), ...cron, IDLE_WORKERS];
}

/** A worker that waits for a job is a session like any other. */
const IDLE_WORKERS: Told = {
  count: `SELECT count(*) AS n FROM pg_stat_activity
           WHERE datname = current_database() AND usesysid IS NOT NULL AND coalesce(application_name, '') NOT LIKE 'qctl%'
             AND coalesce(backend_type, 'client backend') = 'client backend' AND pid <> pg_backend_pid()`,
  noun: 'other session',
  level: 'note',
  code: 'IDLE_WORKERS_UNSEEN',
  text: (n) =>
    `${n} in this database: delayed_job keeps no list of its workers, and those that wait for a job may be among them`,
  remedy: 'stop them on their hosts: bin/delayed_job stop (bin/delayed_job status shows them)',
};

function cronFinding(table: string): Told {
  return {
    count: `SELECT count(*) AS n FROM ${table} t WHERE t.cron IS NOT NULL`,
    level: 'warning',
    code: 'RECURRING_JOBS',
    text: (n) =>
      `${n} with a cron line: the old workers enqueue those again after each run, nobody does once they are moved`,
    remedy: `set the schedule up on the new side, then DELETE FROM ${table} WHERE cron IS NOT NULL`,
  };
}
