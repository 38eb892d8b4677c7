import { isGone } from '../backends/sqs/index.ts';
import type { RedisStreamSink } from '../sinks/index.ts';
import { CelerySource } from '../sources/celery/index.ts';
import { PostgresSource } from '../sources/postgres/index.ts';
import type { Depth } from '../sources/source.ts';
import { type PassedOver, SqsSource } from '../sources/sqs/index.ts';
import type { RunArchive } from './archive.ts';
import type { ShownDecision } from './decision.ts';
import { readDue } from './due.ts';
import { letEarlierExpire, letExpire } from './expiry.ts';
import { handoverOf } from './handover.ts';
import type { Meter } from './meter.ts';
import { type OpenDrain, quarantineStreams } from './open.ts';
import { leftInSource, withoutLeft } from './passed-over.ts';
import { type DrainReport, type Ending, makeReport } from './report.ts';
import type { RunStore } from './run-store.ts';
import { excused, type SourceChange, type SourceWatch } from './source-watch.ts';
import { readTotals, type Totals } from './totals.ts';
import { readableOf, verifyTarget } from './verify.ts';

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
  const { redis, request, attachment, source } = drain;
  const { ending, alive, paused, stopped } = end;
  const { manifest } = attachment;
  const left = leftInSource(end.passedOver, end.behind, end.late);
  const held = await depthAtEnd(drain);
  const depth = withoutLeft(held, left);
  const last = alive === 0;
  // A process killed between a delete and its note leaves ids open that an empty queue cannot hold any more.
  // Behind a message that stays in its FIFO group it may hold them all the same.
  if (last && ending === 'empty' && source instanceof SqsSource && !left?.counts.behind)
    await sink.confirmAll();
  const wanted = request.settings.verify && last && (ending === 'empty' || ending === 'left over');
  const verification = wanted ? await verifyTarget(redis.client, manifest, readableOf(source)) : null;
  const totals = verification?.totals ?? (await readTotals(redis.client, manifest));
  const done = last && ending === 'empty' && totals.open === 0 && !depth.held;
  if (done && (source instanceof PostgresSource || source instanceof CelerySource))
    await source.endRun(manifest.run);
  const changes = await store.noteChanges(
    manifest.run,
    await changesOf(end.watcher, held, totals, drain, meter),
  );
  if (left) await store.notePassedOver(manifest.run, left);
  const unevaluated = depth.unevaluated ?? left?.unevaluated ?? null;
  await store.noteUnevaluated(manifest.run, unevaluated);
  if (done) await store.finish(manifest.run, 'done', new Date());
  // Rows that are still claimed are open as well: nobody but this run gives them back.
  if (last) await expire(drain, store, totals.open + (depth.held ?? 0), done);
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
    archive: end.archive ? { file: end.archive.sink.path, messages: end.archive.sink.messages } : null,
    findings: drain.plan.findings,
    sourceChanges: changes,
    left,
    unevaluated,
    receivers: meter.receivers,
    due: await readDue(redis, manifest, totals),
    quarantineStreams: quarantineStreams(manifest.target.stream, manifest.target.partitions),
    paused,
    stopped,
    handover: await handoverOf(redis.client, totals, drain.boundary.before),
  });
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
      text: `${vanished} messages of an interrupted batch are no longer in the source: another consumer may have worked on them as well`,
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
