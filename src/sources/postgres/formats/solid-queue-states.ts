import type { Includable } from '../spec.ts';
import { CLAIMS_BEGIN, timeFor } from './parts.ts';

/** The tables of one Solid Queue, and the time in its columns' type. */
export interface SolidQueue {
  jobs: string;
  ready: string;
  scheduled: string;
  blocked: string;
  failed: string;
  claimed: string;
  processes: string;
  semaphores: string;
  pauses: string;
  recurring: string;
  /** Now, in the type of its columns of time. */
  now: string;
  timeType: string | undefined;
}

/**
 * A state is the table that a job's execution stands in. A claim takes the execution out under the lock
 * that Solid Queue's own processes take, and writes on the job, as the time at which it was finished,
 * whose claim it is and what state it was in: the run's own moment, and ten years more for each state.
 */
export const STATES = ['ready', 'scheduled', 'blocked', 'dead', 'running'] as const;

export type State = (typeof STATES)[number];

/** The moment that stands for this run and that state. */
export function markOf(state: State, { timeType }: SolidQueue): string {
  return timeFor(timeType, `:time::timestamptz + interval '${10 * STATES.indexOf(state)} years'`);
}

/** The mark of the state that row `t` is in. */
export function markOfRow(queue: SolidQueue, include: Includable[]): string {
  const cases = takenFrom(queue, include).map(
    ({ state, table }) =>
      `WHEN EXISTS (SELECT 1 FROM ${table} x WHERE x.job_id = t.id) THEN ${markOf(state, queue)}`,
  );
  return `CASE ${cases.join(' ')} END`;
}

/** The state that a row is in, or was in before it was claimed; for fields, so without an alias. */
export function stateField(queue: SolidQueue): string {
  const { ready, scheduled, blocked, failed, claimed, timeType } = queue;
  const marked = STATES.map((state, i) => `WHEN ${i} THEN '${state}'`).join(' ');
  const tables = [ready, scheduled, blocked, failed, claimed];
  const standing = STATES.map((state, i) => `SELECT job_id AS job, '${state}' AS state FROM ${tables[i]}`);
  return `(CASE WHEN finished_at >= ${timeFor(timeType, CLAIMS_BEGIN)}
    THEN CASE floor((extract(year FROM finished_at) - 2999) / 10) ${marked} END
    ELSE (SELECT e.state FROM (${standing.join(' UNION ALL ')}) e WHERE e.job = id LIMIT 1) END)`;
}

/** States in which a job holds one of its semaphore. */
export const HOLDING: State[] = ['ready', 'running'];

/**
 * Whether the execution of row `t` may be taken. Due ones that nobody has dispatched, and blocked ones
 * whose time is up, are those that a dispatcher would make ready now. Each is looked up by the job: as
 * one list of jobs the planner would begin with that list, for every claim anew.
 */
export function takeable(queue: SolidQueue, include: Includable[]): string {
  const { now, ready, scheduled, blocked, failed, claimed, processes } = queue;
  const stands = (table: string, condition = ''): string =>
    `EXISTS (SELECT 1 FROM ${table} x WHERE x.job_id = t.id${condition})`;
  const due = `(x.scheduled_at <= ${now} AND ${free(queue, 't')})`;
  const parts = [
    stands(ready),
    stands(scheduled, ` AND ${include.includes('scheduled') ? `(x.scheduled_at > ${now} OR ${due})` : due}`),
    stands(blocked, ` AND x.expires_at < ${now} AND ${free(queue, 'x')}`),
  ];
  if (include.includes('dead')) parts.push(stands(failed));
  if (include.includes('running'))
    parts.push(
      stands(
        claimed,
        ` AND NOT EXISTS (SELECT 1 FROM ${processes} p WHERE p.id = x.process_id
                             AND p.last_heartbeat_at > ${now} - interval '5 minutes')`,
      ),
    );
  return `(${parts.join(' OR ')})`;
}

/** Whether a job of that concurrency key could start now; always true for one without. */
function free({ semaphores }: SolidQueue, alias: string): string {
  return `NOT EXISTS (SELECT 1 FROM ${semaphores} m WHERE m.key = ${alias}.concurrency_key AND m.value <= 0)`;
}

/** States that may be taken, with their tables, and whether a claim takes their rows out of them. */
function takenFrom(
  { ready, scheduled, blocked, failed, claimed }: SolidQueue,
  include: Includable[],
): { state: State; table: string; out: boolean }[] {
  return [
    { state: 'ready', table: ready, out: true },
    { state: 'scheduled', table: scheduled, out: true },
    { state: 'blocked', table: blocked, out: true },
    // What failed stays where it is, for its error; nobody takes it from there by itself.
    ...(include.includes('dead') ? [{ state: 'dead' as const, table: failed, out: false }] : []),
    ...(include.includes('running') ? [{ state: 'running' as const, table: claimed, out: true }] : []),
  ];
}

/** CTEs that take the executions of `qctl_chosen` out, passing by what somebody has locked. */
export function takeStates(queue: SolidQueue, include: Includable[]): string {
  const parts = takenFrom(queue, include);
  const ctes = parts.flatMap(({ state, table, out }) => {
    const got = `qctl_${state}_got AS MATERIALIZED (
      SELECT x.id, x.job_id FROM ${table} x JOIN qctl_chosen ON x.job_id = qctl_at FOR UPDATE OF x SKIP LOCKED)`;
    const gone = `qctl_${state}_gone AS (DELETE FROM ${table} x USING qctl_${state}_got g WHERE x.id = g.id)`;
    return out ? [got, gone] : [got];
  });
  const took = parts.map(({ state }) => `SELECT job_id AS qctl_at FROM qctl_${state}_got`);
  return `${ctes.join(',\n')},\nqctl_took AS MATERIALIZED (${took.join(' UNION ALL ')})`;
}

/** CTEs that give the executions of `qctl_given` back to the tables they came from. */
export function giveStates(queue: SolidQueue): string {
  const { jobs, ready, scheduled, blocked, claimed, now } = queue;
  const give = (state: State, table: string, columns: [string, string][]): string =>
    `qctl_${state}_back AS (
      INSERT INTO ${table} (job_id, ${columns.map(([name]) => name).join(', ')})
      SELECT j.id, ${columns.map(([, sql]) => sql).join(', ')} FROM qctl_given g JOIN ${jobs} j ON j.id = g.qctl_at
       WHERE j.finished_at = ${markOf(state, queue)} ON CONFLICT (job_id) DO NOTHING)`;
  const place: [string, string][] = [
    ['queue_name', 'j.queue_name'],
    ['priority', 'j.priority'],
  ];
  const since: [string, string] = ['created_at', 'coalesce(j.scheduled_at, j.created_at)'];
  return [
    give('ready', ready, [...place, since]),
    give('scheduled', scheduled, [
      ...place,
      ['scheduled_at', 'j.scheduled_at'],
      ['created_at', 'j.created_at'],
    ]),
    give('blocked', blocked, [
      ...place,
      ['concurrency_key', 'j.concurrency_key'],
      ['expires_at', now],
      since,
    ]),
    give('running', claimed, [['process_id', 'NULL'], since]),
  ].join(',\n');
}

/**
 * A job is in the state whose table it stands in. What is not due, or has a concurrency key, goes back as
 * scheduled, if only for now: Solid Queue's own dispatcher makes it ready, or blocked where its key says so.
 */
export function restoredStates({ jobs, ready, scheduled, failed, now }: SolidQueue): string[] {
  const from = `FROM m JOIN ${jobs} j ON j.id = m.id::bigint WHERE`;
  const dead = `(m.attr->>'state' = 'dead') IS TRUE`;
  const atOnce = `j.concurrency_key IS NULL AND coalesce(j.scheduled_at <= ${now}, true)`;
  return [
    `INSERT INTO ${ready} (job_id, queue_name, priority, created_at)
     SELECT j.id, j.queue_name, j.priority, coalesce(j.scheduled_at, j.created_at) ${from} NOT ${dead} AND ${atOnce}
     ON CONFLICT (job_id) DO NOTHING`,
    `INSERT INTO ${scheduled} (job_id, queue_name, priority, scheduled_at, created_at)
     SELECT j.id, j.queue_name, j.priority, coalesce(j.scheduled_at, ${now}), j.created_at
       ${from} NOT ${dead} AND NOT (${atOnce})
     ON CONFLICT (job_id) DO NOTHING`,
    `INSERT INTO ${failed} (job_id, error, created_at)
     SELECT j.id, m.attr->>'error', ${now} ${from} ${dead} ON CONFLICT (job_id) DO NOTHING`,
  ];
}
