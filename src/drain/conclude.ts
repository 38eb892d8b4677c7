import type { RedisStreamSink } from '../sinks/index.ts';
import { PostgresSource } from '../sources/postgres/index.ts';
import { SqsSource } from '../sources/sqs/index.ts';
import type { Meter } from './meter.ts';
import { type OpenDrain, quarantineStreams } from './open.ts';
import { type DrainReport, type Ending, makeReport } from './report.ts';
import type { RunStore } from './run-store.ts';
import { readTotals } from './totals.ts';
import { verifyTarget } from './verify.ts';

/** Looks at both sides once more, judges the run and notes its end. `alive`: processes still at work on it. */
export async function conclude(
  drain: OpenDrain,
  sink: RedisStreamSink,
  store: RunStore,
  meter: Meter,
  ending: Ending,
  alive: number,
): Promise<DrainReport> {
  const { redis, request, attachment, source } = drain;
  const { manifest } = attachment;
  const depth = await source.depth(manifest.run);
  const last = alive === 0;
  // A process killed between a delete and its note leaves ids open that an empty queue cannot hold any more.
  if (last && ending === 'empty' && source instanceof SqsSource) await sink.confirmAll();
  const wanted = request.settings.verify && last && (ending === 'empty' || ending === 'left over');
  const verification = wanted
    ? await verifyTarget(redis.client, manifest, source instanceof PostgresSource ? source : undefined)
    : null;
  const totals = verification?.totals ?? (await readTotals(redis.client, manifest));
  const done = last && ending === 'empty' && totals.open === 0 && !depth.held;
  if (done && source instanceof PostgresSource) await source.endRun(manifest.run);
  if (done) await store.finish(manifest.run, 'done', new Date());
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
    findings: drain.plan.findings,
    quarantineStreams: quarantineStreams(manifest.target.stream, manifest.target.partitions),
  });
}
