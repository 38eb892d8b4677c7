import type { PostgresSpec } from '../spec.ts';
import { missingRights, tell } from './findings.ts';
import type { FormatChoice, FoundQueue, QueueFormat } from './format.ts';
import { liveWorkers } from './live-workers.ts';
import { inQueues, isClaimTime, nowFor } from './parts.ts';
import { qualified, tablesNamed } from './relations.ts';
import { solidQueueFacts, solidQueuePauses } from './solid-queue-facts.ts';
import { settleStatement } from './solid-queue-settle.ts';
import {
  giveStates,
  markOf,
  markOfRow,
  restoredStates,
  type SolidQueue,
  STATES,
  stateField,
  takeable,
  takeStates,
} from './solid-queue-states.ts';
import { addedColumns, missingColumns, notedColumns, unknownShape } from './tables.ts';

const JOBS = 'solid_queue_jobs';
const NEEDED: Record<string, string[]> = {
  [JOBS]: [
    ...['id', 'queue_name', 'class_name', 'arguments', 'priority', 'active_job_id', 'scheduled_at'],
    ...['finished_at', 'concurrency_key', 'created_at', 'updated_at'],
  ],
  solid_queue_ready_executions: ['id', 'job_id', 'queue_name', 'priority', 'created_at'],
  solid_queue_scheduled_executions: ['id', 'job_id', 'queue_name', 'priority', 'scheduled_at', 'created_at'],
  solid_queue_blocked_executions: [
    ...['id', 'job_id', 'queue_name', 'priority', 'concurrency_key', 'expires_at', 'created_at'],
  ],
  solid_queue_failed_executions: ['id', 'job_id', 'error', 'created_at'],
  solid_queue_claimed_executions: ['id', 'job_id', 'process_id', 'created_at'],
  solid_queue_processes: ['id', 'kind', 'name', 'last_heartbeat_at'],
  solid_queue_semaphores: ['key', 'value', 'expires_at', 'updated_at'],
  solid_queue_pauses: ['queue_name', 'created_at'],
};

/** Solid Queue: see {@link STATES} for how its jobs are claimed. */
export const solidQueue: QueueFormat = {
  name: 'solid-queue',
  title: 'Solid Queue',
  versions: 'the tables of Solid Queue 1 (schema version 1)',

  async detect(client) {
    const tables = await tablesNamed(client, JOBS, []);
    return tables.map(({ schema, types }) => ({ schema, version: '1', facts: { columns: types } }));
  },

  async describe(client, found, choice) {
    for (const [relation, needed] of Object.entries(NEEDED)) {
      const tables = await tablesNamed(client, relation, []);
      const columns = tables.find(({ schema }) => schema === found.schema)?.types;
      const missing = missingColumns(columns ?? {}, needed);
      if (columns && missing.length === 0) continue;
      const what = columns
        ? `${relation} has no column ${missing.join(', ')}`
        : `there is no table ${relation}`;
      throw unknownShape(
        solidQueue,
        found,
        what,
        'bin/rails solid_queue:update brings older ones up to date',
      );
    }
    return specOf(found, choice);
  },

  async workers(client, found) {
    const { processes, now } = queueOf(found);
    return liveWorkers(
      client,
      `SELECT p.name, p.last_heartbeat_at::timestamptz AS at FROM ${processes} p
        WHERE p.kind = 'Worker' AND p.last_heartbeat_at > ${now} - interval '5 minutes' ORDER BY 1`,
    );
  },

  async findings(client, found, { include }) {
    const { ready, scheduled, blocked, failed, claimed, processes, semaphores } = queueOf(found);
    const moved = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];
    const rights = await missingRights(client, [
      ...[ready, scheduled, blocked, claimed].map((table): [string, string[]] => [table, moved]),
      [failed, ['SELECT', 'UPDATE']],
      [semaphores, ['SELECT', 'UPDATE']],
      [processes, ['SELECT']],
    ]);
    return [...rights, ...(await tell(client, solidQueueFacts(queueOf(found), include)))];
  },

  freeze: (found, { queues }) => solidQueuePauses(queueOf(found), queues),
};

function queueOf(found: FoundQueue): SolidQueue {
  const table = (name: string): string => qualified(found.schema, `solid_queue_${name}`);
  const timeType = notedColumns(found).finished_at;
  return {
    jobs: table('jobs'),
    ready: table('ready_executions'),
    scheduled: table('scheduled_executions'),
    blocked: table('blocked_executions'),
    failed: table('failed_executions'),
    claimed: table('claimed_executions'),
    processes: table('processes'),
    semaphores: table('semaphores'),
    pauses: table('pauses'),
    recurring: table('recurring_tasks'),
    now: nowFor(timeType),
    timeType,
  };
}

function specOf(found: FoundQueue, { queues, include }: FormatChoice): PostgresSpec {
  const queue = queueOf(found);
  return {
    format: 'solid-queue',
    version: found.version,
    table: queue.jobs,
    id: ['id'],
    payload: 'arguments',
    ready: `t.finished_at IS NULL AND ${takeable(queue, include)}${inQueues('queue_name', queues)}`,
    rank: 't.priority, t.id',
    type: 'class_name',
    priority: 'priority',
    attempts: EXECUTIONS,
    enqueuedAt: 'created_at',
    notBefore: 'scheduled_at',
    attributes: {
      queue: 'queue_name',
      priorityOrder: "'lower-first'",
      active_job_id: 'active_job_id',
      concurrency_key: 'concurrency_key',
      updated_at: 'updated_at',
      state: stateField(queue),
      error: `(SELECT e.error FROM (SELECT job_id AS job, error FROM ${queue.failed}) e WHERE e.job = id)`,
      ...addedColumns(notedColumns(found), NEEDED[JOBS]!),
    },
    done: { delete: true },
    mode: 'move',
    claim: {
      take: takeStates(queue, include),
      set: { finished_at: markOfRow(queue, include) },
      held: `t.finished_at IN (${STATES.map((state) => markOf(state, queue)).join(', ')})`,
      anyones: { held: isClaimTime('t.finished_at', queue.timeType) },
      give: giveStates(queue),
      release: { finished_at: 'NULL' },
    },
    settle: settleStatement(queue),
    restore: { queue_name: "coalesce(m.attr->>'queue', 'default')" },
    restored: restoredStates(queue),
  };
}

/**
 * Active Job keeps its count in its JSON, behind the arguments. What is read is the end of the text: a
 * body of any size, and one that is no JSON at all, must pass.
 */
const EXECUTIONS = `substring(right(arguments, 4000) from '.*"executions":\\s*(\\d+),\\s*"exception_executions"')::int`;
