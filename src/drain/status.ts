import type { RedisConnection } from '../backends/redis/index.ts';
import type { HeldBy } from '../events.ts';
import type { CelerySpec } from '../sources/celery/index.ts';
import type { PostgresSpec } from '../sources/postgres/index.ts';
import type { Unevaluated } from '../sources/source.ts';
import type { SqsSelection } from '../sources/sqs/index.ts';
import { dueText } from '../streams/index.ts';
import { type ShownDecision, showDecision } from './decision.ts';
import { readDue } from './due.ts';
import { expiresAt } from './expiry.ts';
import type { MemberInfo } from './host.ts';
import { type Controls, controlsOf, type ShownOverride, showOverrides } from './live.ts';
import { type LiveStatus, liveOf } from './live-status.ts';
import type { Manifest } from './manifest.ts';
import { type RunView, viewRun } from './membership.ts';
import { type RunRecord, RunStore } from './run-store.ts';
import { readTotals } from './totals.ts';
import { togetherUnevaluated } from './unevaluated.ts';

/** One line of `qctl drain list`: the part of a status that stays short. */
export interface RunSummary {
  run: string;
  state: string;
  mode: string;
  source: string;
  stream: string;
  appended: number;
  open: number;
  quarantined: number;
  /** Put aside since the beginning because they were not due, and of these still waiting. */
  scheduled: number;
  waiting: number;
  processes: number;
  createdAt: string;
  finishedAt: string | null;
  startedBy: string;
  /** Last sign of life of any of its processes; null where none is known. */
  lastSeenAt: string | null;
  /** When what is kept of it goes; null where it stays. */
  expiresAt: string | null;
  /** Who holds it; null where nobody does. */
  paused: ShownDecision | null;
}

/** A run, live or afterwards: the same from the store whoever asks. */
export interface RunStatus extends RunSummary {
  type: 'status';
  read: number;
  duplicatesSuppressed: number;
  settled: number;
  reappended: number;
  /** When the first and the last of what waits for the stream is due (RFC 3339); null where nothing does. */
  nextDueAt: string | null;
  lastDueAt: string | null;
  payloadBytes: number;
  activeMs: number;
  partitions: number;
  lanes: number;
  target: string;
  /** Of all processes together, over the last seconds; null where nobody is at work, or paused. */
  ratePerSecond: number | null;
  remaining: number | null;
  etaMs: number | null;
  /** Left in the source because --filter or --type cannot be evaluated for it; null where there is none. */
  unevaluated: Unevaluated | null;
  /** Every brake that holds one of its processes. */
  brakes: HeldBy[];
  /** What its processes wait for. */
  waits: string[];
  /** Settings that were set for the whole run. */
  overrides: ShownOverride[];
  /** Only what was enqueued before that moment is taken; null: everything. */
  enqueuedBefore: string | null;
  processesAlive: MemberInfo[];
}

/** The newest runs first. */
export async function listRuns(redis: RedisConnection, count: number): Promise<RunStatus[]> {
  const records = await new RunStore(redis.client).newestRecords(count);
  return Promise.all(records.map((record) => statusOf(redis, record)));
}

/** One run. Throws `usage` where there is none of that name. */
export async function runStatus(redis: RedisConnection, run: string): Promise<RunStatus> {
  const record = await new RunStore(redis.client).require(run);
  return statusOf(redis, record);
}

async function statusOf(redis: RedisConnection, record: RunRecord): Promise<RunStatus> {
  const { manifest } = record;
  const [totals, view] = await Promise.all([
    readTotals(redis.client, manifest),
    viewRun(redis.client, manifest.run),
  ]);
  const due = await readDue(redis, manifest, totals);
  const controls = controlsOf(view);
  const live = liveOf([...view.alive.values()]);
  return {
    type: 'status',
    run: manifest.run,
    state: liveState(record, live, controls) ?? stateOf(record, view.alive.size),
    mode: manifest.mode,
    source: manifest.source.label,
    stream: manifest.target.stream,
    appended: totals.appended,
    open: totals.open,
    quarantined: totals.quarantined,
    scheduled: totals.scheduled,
    waiting: totals.waiting,
    processes: view.alive.size,
    createdAt: manifest.createdAt,
    finishedAt: record.finishedAt,
    startedBy: manifest.startedBy,
    lastSeenAt: view.seenMs === null ? null : new Date(view.seenMs).toISOString(),
    expiresAt: await expiresAt(redis.client, manifest.run, view.nowMs),
    paused: controls.paused ? showDecision(controls.paused) : null,
    read: totals.appended + totals.scheduled + totals.quarantined + totals.duplicatesSuppressed,
    duplicatesSuppressed: totals.duplicatesSuppressed,
    settled: totals.settled,
    reappended: totals.reappended,
    nextDueAt: dueText(due?.nextDueMs ?? null),
    lastDueAt: dueText(due?.lastDueMs ?? null),
    payloadBytes: totals.payloadBytes,
    activeMs: record.activeMs,
    partitions: manifest.target.partitions,
    lanes: manifest.lanes,
    target: manifest.target.label,
    ratePerSecond: controls.paused ? null : live.ratePerSecond,
    remaining: live.remaining,
    etaMs: controls.paused ? null : live.etaMs,
    unevaluated: unevaluatedOf(record, view),
    brakes: live.brakes,
    waits: live.waits,
    overrides: showOverrides(controls),
    enqueuedBefore: record.before,
    processesAlive: [...view.alive.values()],
  };
}

/** While processes are at work: what they say, unless a pause has not reached all of them yet. */
function liveState({ state }: RunRecord, live: LiveStatus, controls: Controls): string | null {
  if (state !== 'running' || live.state === null) return null;
  return controls.paused && !live.atRest ? 'pausing' : live.state;
}

/** The short part of it. */
export function summaryOf(status: RunStatus): RunSummary {
  const { run, state, mode, source, stream, appended, open, quarantined, scheduled, waiting } = status;
  const { processes, createdAt, finishedAt, startedBy, lastSeenAt, expiresAt, paused } = status;
  const counts = { appended, open, quarantined, scheduled, waiting };
  const times = { createdAt, finishedAt, startedBy, lastSeenAt, expiresAt };
  return { run, state, mode, source, stream, ...counts, processes, ...times, paused };
}

/** What those at work say, or what the last one has left behind. */
function unevaluatedOf({ manifest, unevaluated }: RunRecord, { alive }: RunView): Unevaluated | null {
  const live = [...alive.values()].flatMap((info) => info.live ?? []);
  if (live.length === 0) return unevaluated;
  const all = live.map((one) => one.unevaluated ?? null);
  return togetherUnevaluated(all, manifest.lanes === 0);
}

/** Of a run that nobody speaks for any more. */
export function stateOf(record: RunRecord, alive: number): string {
  return record.state === 'running' && alive === 0 ? 'stopped' : record.state;
}

/** What a run was started with, so that continuing it needs no more than its name. */
export interface RunDefinition {
  kind: Manifest['source']['kind'];
  name: string;
  spec: PostgresSpec | null;
  celery: CelerySpec | null;
  /** SQS: which messages are wanted. */
  selection: SqsSelection | null;
  stream: string;
  partitions: number;
  fields: Record<string, string> | null;
}

/** Reads it from the run's record. Throws `usage` where there is no such run. */
export async function runDefinition(redis: RedisConnection, run: string): Promise<RunDefinition> {
  const { manifest } = await new RunStore(redis.client).require(run);
  const { source, target, spec, fields } = manifest;
  return {
    ...source,
    spec: source.kind === 'postgres' ? (spec as PostgresSpec | null) : null,
    celery: source.kind === 'celery' ? (spec as CelerySpec | null) : null,
    selection: source.kind === 'sqs' ? (spec as SqsSelection | null) : null,
    stream: target.stream,
    partitions: target.partitions,
    fields,
  };
}
