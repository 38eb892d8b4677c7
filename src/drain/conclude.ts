import { isGone } from '../backends/sqs/index.ts';
import { plural } from '../model/plural.ts';
import type { RedisStreamSink } from '../sinks/index.ts';
import { CelerySource } from '../sources/celery/index.ts';
import { PostgresSource } from '../sources/postgres/index.ts';
import type { Depth, Unevaluated } from '../sources/source.ts';
import { type PassedOver, SqsSource } from '../sources/sqs/index.ts';
import type { RunArchive } from './archive.ts';
import type { ShownDecision } from './decision.ts';
import { readDue } from './due.ts';
import { letEarlierExpire, letExpire } from './expiry.ts';
import { handoverOf } from './handover.ts';
import type { Meter } from './meter.ts';
import { type OpenDrain, quarantineStreams } from './open.ts';
import { type LeftInSource, leftInSource, withoutLeft } from './passed-over.ts';
import { type DrainReport, type Ending, makeReport } from './report.ts';
import type { RunStore } from './run-store.ts';
import { excused, type SourceChange, type SourceWatch } from './source-watch.ts';
import { readTotals, type Totals } from './totals.ts';
import { readableOf, type Verification, verifyTarget } from './verify.ts';

/** How a drain came to its end, and what this process has seen besides the messages it took. */
export interface End {
  ending: Ending;
  /** Processes still at work on the run. */
  alive: number;
  paused: ShownDecision | null;
  /** Who has stopped it. */
  stopped: ShownDecision | null;
  watcher?: SourceWatch;
  passedOver?: PassedOver;
  /** FIFO: messages behind those that stay. */
  behind: number;
  /** Messages that stay and could not be made visible again. */
  late: number;
  archive?: RunArchive;
}

/** Looks at both sides once more, judges the run and notes its end. */
export async function conclude(
  drain: OpenDrain,
  sink: RedisStreamSink,
  store: RunStore,
  meter: Meter,
  end: End,
): Promise<DrainReport> {
  const { redis, attachment, source } = drain;
  const { ending, alive, paused, stopped, archive } = end;
  const { manifest } = attachment;
  const found = await lookAgain(drain, sink, end);
  const { left, depth, verification, totals, done } = found;
  const noted = await noteEnd(drain, store, meter, end, found);
  return makeReport({
    manifest,
    state: done ? 'done' : alive > 0 ? 'running' : 'stopped',
    totals,
    verification,
    depth: ending === 'signal' && source instanceof SqsSource ? { ...depth, inFlight: null } : depth,
    ending,
    elapsedMs: meter.elapsedMs,
    readByThisProcess: meter.counts.read,
    workMs: meter.workMs,
    alive,
    archive: archive ? { file: archive.sink.path, messages: archive.sink.messages } : null,
    findings: drain.plan.findings,
    ...noted,
    left,
    receivers: meter.receivers,
    due: await readDue(redis, manifest, totals),
    quarantineStreams: quarantineStreams(manifest.target.stream, manifest.target.partitions),
    paused,
    stopped,
    handover: await handoverOf(redis.client, totals, drain.boundary.before),
  });
}

/** Both sides, after the last message of this process. */
interface Found {
  left: LeftInSource | null;
  /** All that the source holds. */
  held: Depth;
  /** Of it, what the run was after. */
  depth: Depth;
  verification: Verification | null;
  totals: Totals;
  /** Nobody is at work any more, and nothing is left to do. */
  done: boolean;
}

async function lookAgain(drain: OpenDrain, sink: RedisStreamSink, end: End): Promise<Found> {
  const { redis, request, source } = drain;
  const { manifest } = drain.attachment;
  const last = end.alive === 0;
  const empty = end.ending === 'empty';
  const left = leftInSource(end.passedOver, end.behind, end.late);
  const held = await depthAtEnd(drain);
  const depth = withoutLeft(held, left);
  // A process killed between a delete and its note leaves ids open that an empty queue cannot hold any more.
  // Behind a message that stays in its FIFO group it may hold them all the same.
  if (last && empty && source instanceof SqsSource && !left?.counts.behind) await sink.confirmAll();
  const wanted = request.settings.verify && last && (empty || end.ending === 'left over');
  const verification = wanted ? await verifyTarget(redis.client, manifest, readableOf(source)) : null;
  const totals = verification?.totals ?? (await readTotals(redis.client, manifest));
  const done = last && empty && totals.open === 0 && !depth.held;
  return { left, held, depth, verification, totals, done };
}

/** Notes beside the run what came of it, and lets go of what nobody needs any more. */
async function noteEnd(
  drain: OpenDrain,
  store: RunStore,
  meter: Meter,
  end: End,
  { left, held, depth, totals, done }: Found,
): Promise<{ sourceChanges: SourceChange[]; unevaluated: Unevaluated | null }> {
  const { source } = drain;
  const { run } = drain.attachment.manifest;
  if (done && (source instanceof PostgresSource || source instanceof CelerySource)) await source.endRun(run);
  const changes = await changesOf(end.watcher, held, totals, drain, meter);
  const sourceChanges = await store.noteChanges(run, changes);
  if (left) await store.notePassedOver(run, left);
  const unevaluated = depth.unevaluated ?? left?.unevaluated ?? null;
  await store.noteUnevaluated(run, unevaluated);
  if (done) await store.finish(run, 'done', new Date());
  // Rows that are still claimed are open as well: nobody but this run gives them back.
  if (end.alive === 0) await expire(drain, store, totals.open + (depth.held ?? 0), done);
  return { sourceChanges, unevaluated };
}

/** A queue that is gone holds nothing that could be known. */
async function depthAtEnd({ source, attachment }: OpenDrain): Promise<Depth> {
  return source.depth(attachment.manifest.run).catch((error: unknown) => {
    if (source instanceof SqsSource && isGone(error)) return { ready: null, inFlight: null, delayed: null };
    throw error;
  });
}

async function changesOf(
  watcher: SourceWatch | undefined,
  depth: Depth,
  totals: Totals,
  { request }: OpenDrain,
  { vanished }: Meter,
): Promise<SourceChange[]> {
  const changes = (await watcher?.finish(depth, totals)) ?? [];
  if (vanished > 0)
    changes.push({
      code: 'VANISHED',
      level: 'problem',
      count: vanished,
      text: `${vanished} ${plural(vanished, 'message')} of an interrupted batch ${plural(vanished, 'is')} no longer in the source: another consumer may have worked on ${plural(vanished, 'it')} as well`,
    });
  return excused(changes, request.settings.allowCompeting);
}

/** A ledger is needed for as long as SQS may deliver what it knows once more. */
async function expire(
  { redis, request, attachment }: OpenDrain,
  store: RunStore,
  open: number,
  done: boolean,
): Promise<void> {
  const { checkpointTtlMs, windowMs } = request.settings;
  const ttlMs = request.source.kind === 'sqs' ? Math.max(checkpointTtlMs, 2 * windowMs) : checkpointTtlMs;
  await letExpire(redis.client, attachment.manifest, open, ttlMs);
  if (done) await letEarlierExpire(redis.client, store, attachment.manifest, ttlMs);
}
