import type { RedisStreamSink } from '../sinks/index.ts';
import { PostgresSource } from '../sources/postgres/index.ts';
import { SqsSource } from '../sources/sqs/index.ts';
import type { RunArchive } from './archive.ts';
import type { ShownDecision } from './decision.ts';
import { letEarlierExpire, letExpire } from './expiry.ts';
import { handoverOf } from './handover.ts';
import type { Meter } from './meter.ts';
import { type OpenDrain, quarantineStreams } from './open.ts';
import { type DrainReport, type Ending, makeReport } from './report.ts';
import type { RunStore } from './run-store.ts';
import { readTotals } from './totals.ts';
import { verifyTarget } from './verify.ts';

/** How it came to the end. */
export interface End {
  ending: Ending;
  /** Processes still at work on the run. */
  alive: number;
  paused: ShownDecision | null;
  /** Who has stopped it. */
  stopped: ShownDecision | null;
  archive: RunArchive | undefined;
}

/** Looks at both sides once more, judges the run and notes its end. */
export async function conclude(
  drain: OpenDrain,
  sink: RedisStreamSink,
  store: RunStore,
  meter: Meter,
  { ending, alive, paused, stopped, archive }: End,
): Promise<DrainReport> {
  const { redis, request, attachment, source } = drain;
  const { manifest } = attachment;
  const depth = await source.depth(manifest.run);
  const last = alive === 0;
  // A process killed between a delete and its note leaves ids open that an empty queue cannot hold any more.
  if (last && ending === 'empty' && source instanceof SqsSource) await sink.confirmAll();
  const wanted = request.settings.verify && last && (ending === 'empty' || ending === 'left over');
  const verification = wanted
    ? await verifyTarget(redis.client, manifest, source instanceof SqsSource ? undefined : source)
    : null;
  const totals = verification?.totals ?? (await readTotals(redis.client, manifest));
  const done = last && ending === 'empty' && totals.open === 0 && !depth.held;
  if (done && source instanceof PostgresSource) await source.endRun(manifest.run);
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
    archive: archive ? { file: archive.sink.path, messages: archive.sink.messages } : null,
    findings: drain.plan.findings,
    quarantineStreams: quarantineStreams(manifest.target.stream, manifest.target.partitions),
    paused,
    stopped,
    handover: await handoverOf(redis.client, totals, drain.boundary.before),
  });
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
