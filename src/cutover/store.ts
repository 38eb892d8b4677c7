import { isGone, type ProcessPlace } from '../backends/process/place.ts';
import { runScript } from '../backends/redis/index.ts';
import { keepCutoverRecord } from '../backends/redis/scripts/cutover/keep-record.ts';
import { findSimilar } from '../config/similar.ts';
import { QctlError } from '../errors.ts';
import { CUTOVER_INDEX, cutoverKeys } from '../model/keys.ts';
import { askRedis } from './door.ts';
import { fenced } from './fence.ts';
import type { CutoverHost } from './host.ts';
import type { CutoverStatus, RunState } from './run-types.ts';

/** Records of runs that are over are kept as long as somebody may want to go back. */
const KEPT_MS = 90 * 86_400_000;
/** More names than these are not kept in the index, whatever their records. */
const MOST_RUNS = 1000;

/** A step at which somebody is asked. */
export interface Gate {
  step: string;
  asks: string;
}

/** What is kept of a run beside its journal. */
export interface RunRecord {
  status: CutoverStatus;
  hash: string;
  lock: string;
  gates: Gate[];
  /** Where the journal stands on the host of the process that wrote this. */
  journal: string;
}

/** True where a run will not go on by itself nor by `resume`. */
export function isOver(state: RunState): boolean {
  return state === 'completed' || state === 'rolledBack' || state === 'rollbackFailed';
}

/** Enters a run in the index, and forgets names whose records are gone. */
export async function enterRun(host: CutoverHost, run: string, startedMs: number): Promise<void> {
  await askRedis(host, 'enter the run in the index', async ({ client }) => {
    await client.zadd(CUTOVER_INDEX, 'NX', startedMs, run);
    await client.zremrangebyrank(CUTOVER_INDEX, 0, -MOST_RUNS - 1);
  });
}

/**
 * Writes the record. Throws FENCED where a later process has taken the run up, RedisAway.
 *
 * @param leaseMs for how long it says that somebody is at work; 0: nobody is any more
 */
export async function keepRecord(
  host: CutoverHost,
  fence: number,
  leaseMs: number,
  record: RunRecord,
  place: ProcessPlace,
): Promise<void> {
  const { status, hash, lock, gates, journal } = record;
  const keys = cutoverKeys(status.run);
  const fields = {
    state: status.state,
    status: JSON.stringify(status),
    hash,
    lock,
    journal,
    gates: JSON.stringify(gates),
    process: JSON.stringify(place),
  };
  const lifetime = leaseMs === 0 && isOver(status.state) ? KEPT_MS : 0;
  const [kept] = (await askRedis(host, 'keep the record of the run', ({ client }) =>
    runScript(
      client,
      keepCutoverRecord,
      [keys.record, keys.journal, keys.control],
      [...[fence, leaseMs, lifetime], ...Object.entries(fields).flat()],
    ),
  )) as [number];
  if (kept !== 1) throw fenced(status.run, '');
}

/** Raises the fence of a run: nobody with a smaller one writes to its journal or record any more. */
export async function raiseFence(
  host: CutoverHost,
  run: string,
  fence: number,
  leaseMs: number,
): Promise<void> {
  const keys = cutoverKeys(run);
  const [kept] = (await askRedis(host, 'take the run up', ({ client }) =>
    runScript(client, keepCutoverRecord, [keys.record, keys.journal, keys.control], [fence, leaseMs, 0]),
  )) as [number];
  if (kept !== 1) throw fenced(run, '');
}

/** The record of a run; undefined: there is none. */
export async function findRun(host: Pick<CutoverHost, 'redis'>, run: string): Promise<RunRecord | undefined> {
  const [time, fields] = await askRedis(host, 'look at the run', ({ client }) =>
    Promise.all([client.time(), client.hgetall(cutoverKeys(run).record)]),
  );
  return fields.status ? readRecord(fields, Number(time[0]) * 1000) : undefined;
}

function readRecord(fields: Record<string, string>, nowMs: number): RunRecord {
  const status = JSON.parse(fields.status!) as CutoverStatus;
  const leased = Number(fields.until ?? 0) > nowMs;
  const gone = leased && isGone(JSON.parse(fields.process!) as ProcessPlace);
  return {
    status: asSeen(status, leased && !gone),
    hash: fields.hash ?? '',
    lock: fields.lock ?? '',
    gates: JSON.parse(fields.gates ?? '[]') as Gate[],
    journal: fields.journal ?? '',
  };
}

/** A status as others see it: of a step that was in hand when its process died nobody knows whether it was done. */
export function asSeen(status: CutoverStatus, alive: boolean): CutoverStatus {
  if (alive || isOver(status.state)) return { ...status, alive };
  const steps = status.steps.map((step) =>
    step.state === 'running' ? { ...step, state: 'unknown' as const } : step,
  );
  return { ...status, alive, steps };
}

/** Like {@link findRun}; throws `usage` RUN_NOT_FOUND that names the nearest where there is none. */
export async function requireRun(host: CutoverHost, run: string): Promise<RunRecord> {
  return (await findRun(host, run)) ?? missing(host, run);
}

/** Throws what {@link requireRun} throws. */
export async function missing(host: CutoverHost, run: string): Promise<never> {
  const known = await newest(host, 200);
  const near = findSimilar(run, known);
  const five = known.slice(0, 5).join(', ');
  throw new QctlError('usage', `there is no cutover run ${run}`, {
    code: 'RUN_NOT_FOUND',
    hint: [
      ...(near ? [`did you mean ${near}?`] : []),
      five ? `the newest runs are ${five}` : 'no cutover is recorded in this Redis',
      'qctl cutover list',
    ],
  });
}

function newest(host: Pick<CutoverHost, 'redis'>, count: number): Promise<string[]> {
  return askRedis(host, 'list the runs', ({ client }) => client.zrevrange(CUTOVER_INDEX, 0, count - 1));
}

/** Looks at a run. Throws as {@link requireRun}. */
export async function cutoverStatus(host: CutoverHost, run: string): Promise<CutoverStatus> {
  return (await requireRun(host, run)).status;
}

/** The newest runs under a lock, the newest first. */
export async function lockRuns(host: CutoverHost, lock: string, count = 200): Promise<CutoverStatus[]> {
  const names = await newest(host, count);
  const records = await Promise.all(names.map((name) => findRun(host, name)));
  return records.flatMap((record) => (record?.lock === lock ? [record.status] : []));
}

/** The newest runs, the newest first; names whose records are gone are passed over. */
export async function listCutovers(host: Pick<CutoverHost, 'redis'>, count = 50): Promise<CutoverStatus[]> {
  const names = await newest(host, count);
  const records = await Promise.all(names.map((name) => findRun(host, name)));
  return records.flatMap((record) => (record ? [record.status] : []));
}
