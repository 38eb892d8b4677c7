import type { PostgresOptions } from '../backends/postgres/index.ts';
import type { RedisConnection, RedisOptions } from '../backends/redis/index.ts';
import type { SqsOptions } from '../backends/sqs/index.ts';
import { QctlError } from '../errors.ts';
import { ArchiveSource } from '../sources/archive/index.ts';
import { CelerySource, type CelerySpec } from '../sources/celery/index.ts';
import { PostgresSource, type PostgresSpec } from '../sources/postgres/index.ts';
import { SqsSource } from '../sources/sqs/index.ts';
import { readDue } from './due.ts';
import { handoverOf } from './handover.ts';
import type { Manifest } from './manifest.ts';
import { viewRun } from './membership.ts';
import { type OpenSource, quarantineStreams } from './open.ts';
import { withoutLeft } from './passed-over.ts';
import { type DrainReport, makeReport } from './report.ts';
import { RunStore } from './run-store.ts';
import { stateOf } from './status.ts';
import { readableOf, verifyTarget } from './verify.ts';

/** How the source of a run may be reached; what is left out is not looked at. */
export interface VerifyConnections {
  postgres?: PostgresOptions;
  sqs?: SqsOptions;
  celery?: RedisOptions;
  /** The file that the run has read. */
  archive?: string;
}

/** Looks at both sides of a run once more. Changes nothing. */
export async function verifyRun(
  redis: RedisConnection,
  run: string,
  connections: VerifyConnections,
): Promise<DrainReport> {
  const record = await new RunStore(redis.client).require(run);
  const { manifest } = record;
  const source = await openSource(manifest, record.before, connections);
  try {
    const verification = await verifyTarget(redis.client, manifest, readableOf(source));
    const view = await viewRun(redis.client, run);
    const held = source ? await source.depth(manifest.run) : { ready: null, inFlight: null, delayed: null };
    const depth = withoutLeft(held, record.left);
    return makeReport({
      manifest,
      state: stateOf(record, view.alive.size),
      totals: verification.totals,
      verification,
      depth,
      ending: null,
      elapsedMs: null,
      readByThisProcess: null,
      workMs: null,
      alive: view.alive.size,
      paused: null,
      stopped: null,
      handover: await handoverOf(redis.client, verification.totals, record.before),
      archive: null,
      findings: [],
      sourceChanges: record.changes,
      left: record.left,
      unevaluated: depth.unevaluated ?? record.left?.unevaluated ?? null,
      receivers: null,
      due: await readDue(redis, manifest, verification.totals),
      quarantineStreams: quarantineStreams(manifest.target.stream, manifest.target.partitions),
    });
  } finally {
    await source?.close();
  }
}

function within(spec: PostgresSpec, before: string | null): PostgresSpec {
  return before === null ? spec : { ...spec, before };
}

/** Opens the source and makes sure that it is the one of the run. */
async function openSource(
  manifest: Manifest,
  before: string | null,
  connections: VerifyConnections,
): Promise<OpenSource | undefined> {
  const source = await openAny(manifest, before, connections);
  if (!source || source.identity === manifest.sourceIdentity) return source;
  await source.close();
  throw new QctlError(
    'refused',
    `run ${manifest.run} has drained ${manifest.source.label}, and ${source.label} is another source`,
    {
      code: 'OTHER_SOURCE',
      hint: ['connect to the source that the run has drained'],
    },
  );
}

async function openAny(
  { source, spec }: Manifest,
  before: string | null,
  { sqs, archive, postgres, celery }: VerifyConnections,
): Promise<OpenSource | undefined> {
  if (source.kind === 'sqs') return sqs && SqsSource.open(sqs);
  if (source.kind === 'celery') return celery && CelerySource.open(celery, spec as CelerySpec);
  if (source.kind === 'archive') return archive === undefined ? undefined : ArchiveSource.open(archive);
  return postgres && PostgresSource.open(postgres, within(spec as PostgresSpec, before));
}
