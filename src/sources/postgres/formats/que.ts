import type { PostgresSpec } from '../spec.ts';
import { poolerFinding, type Told, tell } from './findings.ts';
import type { FormatChoice, FoundQueue, QueueFormat } from './format.ts';
import { liveWorkers } from './live-workers.ts';
import { anyOf, inQueues, isClaimTime } from './parts.ts';
import { refuseIncludes } from './refusals.ts';
import { qualified, tablesNamed } from './relations.ts';
import { addedColumns, missingColumns, notedColumns, unknownShape } from './tables.ts';

const TABLE = 'que_jobs';
const LOCKERS = 'que_lockers';
const NEEDED = [
  ...['id', 'priority', 'run_at', 'job_class', 'args', 'data', 'error_count', 'queue', 'finished_at'],
  ...['expired_at', 'last_error_message', 'last_error_backtrace'],
];
const WRAPPER = 'ActiveJob::QueueAdapters::QueAdapter::JobWrapper';

/**
 * Que: a job belongs to the session that holds the advisory lock of its id. Whoever gets the lock looks
 * at the row once more, since a lock is got at once but a row is seen as of the statement's beginning;
 * so do the workers, and they leave alone what is finished.
 */
export const que: QueueFormat = {
  name: 'que',
  title: 'Que',
  versions: 'schema 4 to 7 (Que 1 and 2)',
  ownTriggers: /^que_(job|state)_notify$/,

  async detect(client) {
    const tables = await tablesNamed(client, TABLE, []);
    return tables.map(({ schema, comment, types }) => ({
      schema,
      version: comment?.trim() || versionByColumns(types),
      facts: { columns: types },
    }));
  },

  async describe(_client, found, choice) {
    check(found);
    refuseIncludes(que, choice, {
      running:
        'a worker that dies lets go of its jobs at once: they are ready, and what is locked is at work',
    });
    return specOf(found, choice);
  },

  async workers(client, found) {
    return liveWorkers(
      client,
      `SELECT format('%s:%s', l.ruby_hostname, l.ruby_pid) AS name, NULL::timestamptz AS at FROM ${qualified(found.schema, LOCKERS)} l
        WHERE EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.pid = l.pid) ORDER BY 1`,
    );
  },

  async findings(client, found) {
    return [...(await poolerFinding(client)), ...(await tell(client, told(found)))];
  },
};

/** Rails' schema.rb has lost the comment that says it, in some versions. */
function versionByColumns(columns: Record<string, string>): string {
  if ('kwargs' in columns) return '6';
  if ('job_schema_version' in columns) return '5';
  return 'finished_at' in columns ? '4' : 'before 4';
}

function check(found: FoundQueue): void {
  const missing = missingColumns(notedColumns(found), NEEDED);
  const version = Number(found.version);
  if (version >= 4 && version <= 7 && missing.length === 0) return;
  const lacking = missing.length > 0 ? `, ${TABLE} has no column ${missing.join(', ')}` : '';
  const remedy = 'Que.migrate!(version: 7) brings an older one up to date';
  throw unknownShape(que, found, `schema ${found.version}${lacking}`, remedy);
}

/** Which jobs are wanted. */
function readyOf({ queues, include }: FormatChoice): string {
  const open = anyOf([
    `t.expired_at IS NULL${include.includes('scheduled') ? '' : ' AND t.run_at <= now()'}`,
    include.includes('dead') ? 't.expired_at IS NOT NULL' : undefined,
  ]);
  return `t.finished_at IS NULL AND ${open}${inQueues('queue', queues)}`;
}

function specOf(found: FoundQueue, choice: FormatChoice): PostgresSpec {
  return {
    format: 'que',
    version: found.version,
    table: qualified(found.schema, TABLE),
    id: ['id'],
    payload: 'args',
    ready: readyOf(choice),
    rank: 't.priority, t.run_at, t.id',
    type: `CASE job_class WHEN '${WRAPPER}' THEN coalesce(args->0->>'job_class', job_class) ELSE job_class END`,
    priority: 'priority',
    attempts: 'error_count',
    notBefore: 'run_at',
    attributes: {
      queue: 'queue',
      priorityOrder: "'lower-first'",
      job_class: 'job_class',
      data: 'data',
      expired_at: 'expired_at',
      last_error_message: 'last_error_message',
      last_error_backtrace: 'last_error_backtrace',
      ...addedColumns(notedColumns(found), NEEDED),
    },
    done: { delete: true },
    mode: 'move',
    claim: {
      // Else every claim would tell the listeners of que_state that a job has finished.
      prepare: [`SET que.skip_notify = 'true'`],
      advisory: 't.id',
      set: { finished_at: ':time' },
      held: 't.finished_at = :time',
      anyones: { held: isClaimTime('t.finished_at') },
      release: { finished_at: 'NULL' },
    },
    notify: ['que_state'],
  };
}

function told(found: FoundQueue): Told[] {
  const table = qualified(found.schema, TABLE);
  const open = 't.finished_at IS NULL AND t.expired_at IS NULL';
  return [
    {
      count: `SELECT count(*) AS n FROM ${table} t WHERE ${open} AND EXISTS (
        SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND (l.classid::bigint << 32) + l.objid::bigint = t.id)`,
      level: 'note',
      code: 'RUNNING_JOBS',
      text: (n) => `${n} locked by workers just now; those stay with them`,
      remedy: 'wait until they are done, or stop the workers: Que lets go of a job when its session ends',
    },
  ];
}
