import type { Finding } from '../model/finding.ts';
import { PostgresSource } from '../sources/postgres/index.ts';
import type { Depth } from '../sources/source.ts';
import { SqsSource } from '../sources/sqs/index.ts';
import { showDecision } from './decision.ts';
import { type Controls, showOverrides } from './live.ts';
import type { OpenEnds } from './open.ts';
import { type DrainPlan, describedTable, receiverBounds, selectsWhat, settles } from './plan.ts';
import { showTuned, type Tuned } from './tunable.ts';

/** What a look at both ends has found. */
export interface Looked {
  depth: Depth;
  estimatedBytes: number | null;
  /** The file that is written; null where none is. */
  archive: string | null;
  controls: Controls;
  /** The settings in force. */
  tuned: Tuned;
  findings: Finding[];
}

/** Puts the plan together. */
export function planOf(
  { request, source, redis, attachment, boundary }: OpenEnds,
  looked: Looked,
): DrainPlan {
  const { depth, estimatedBytes, archive, controls, tuned, findings } = looked;
  const { manifest } = attachment;
  const receivers = receiverBounds(request);
  return {
    type: 'plan',
    run: manifest.run,
    kind: attachment.kind,
    mode: manifest.mode,
    source: source.label,
    format: source instanceof PostgresSource ? source.format : null,
    described: source instanceof PostgresSource ? describedTable(request, source.table) : null,
    target: redis.label,
    stream: manifest.target.stream,
    partitions: manifest.target.partitions,
    durability: request.target.durability,
    depth,
    estimatedBytes,
    workers: manifest.lanes || (receivers?.max ?? 0),
    receivers,
    batch: source instanceof SqsSource ? 10 : request.settings.batch,
    settles: settles(request),
    follow: request.settings.follow,
    enqueuedBefore: boundary.before,
    settings: { ...showTuned(tuned), ...(tuned.brake.stopFile && { 'stop-file': tuned.brake.stopFile }) },
    overrides: showOverrides(controls),
    paused: controls.paused ? showDecision(controls.paused) : null,
    archive,
    selects: selectsWhat(request),
    findings,
  };
}
