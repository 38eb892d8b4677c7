import { connectRedis, type RedisConnection } from '../backends/redis/index.ts';
import { QctlError } from '../errors.ts';
import type { Finding } from '../model/finding.ts';
import { partitionKeys, streamKeys } from '../model/keys.ts';
import { ArchiveSink } from '../sinks/index.ts';
import { ArchiveSource } from '../sources/archive/index.ts';
import { CelerySource } from '../sources/celery/index.ts';
import { PostgresSource } from '../sources/postgres/index.ts';
import type { Depth } from '../sources/source.ts';
import { compileSelection, SqsSource, selectionFindings, selects } from '../sources/sqs/index.ts';
import { archiveFile } from './archive.ts';
import { type Attachment, attach, type Ends, lockFor } from './attach.ts';
import { type Boundary, bounded, resolveBoundary } from './boundary.ts';
import { checkBrakes } from './brake-check.ts';
import { controlsOf, inForce } from './live.ts';
import { viewRun } from './membership.ts';
import { oppositeFindings } from './opposite.ts';
import type { DrainPlan } from './plan.ts';
import { planOf } from './plan-of.ts';
import { checkTarget, type TargetCheck } from './preflight.ts';
import type { DrainRequest } from './request.ts';
import { scheduledFindings } from './scheduled.ts';
import { notEmptyFindings } from './target-checks.ts';
import { translated } from './translate.ts';
import { unevaluatedFindings } from './unevaluated.ts';

/** Any of the sources, opened. */
export type OpenSource = PostgresSource | SqsSource | CelerySource | ArchiveSource;

/** Both ends connected and looked at. */
export interface OpenDrain {
  request: DrainRequest;
  source: OpenSource;
  redis: RedisConnection;
  attachment: Attachment;
  boundary: Boundary;
  target: TargetCheck;
  plan: DrainPlan;
  /** When the plan was made, by the monotonic clock. */
  openedAt: number;
  close(): Promise<void>;
}

/** Both ends connected, and which run it is. */
export type OpenEnds = Omit<OpenDrain, 'target' | 'plan' | 'close' | 'openedAt'>;

/** Connects to both ends, runs the preflight and makes the plan. Changes nothing anywhere. */
export async function openDrain(request: DrainRequest, now: Date): Promise<OpenDrain> {
  const redis = await connectRedis(request.target.connection);
  let source: OpenSource | undefined;
  const close = async (): Promise<void> => {
    await source?.close();
    await redis.close();
  };
  try {
    refuseEndless(request);
    source = await openSource(request);
    const openedAt = performance.now();
    const attachment = await attach(redis.client, request, endsOf(source, redis), now);
    const boundary = await resolveBoundary(request, attachment, source);
    const within = bounded(request, boundary.before);
    if (within !== request && within.source.kind === 'postgres') {
      // Once more, so that the source itself checks what it is asked for.
      await source.close();
      source = await openSource(within);
    }
    const opened = { request: within, source, redis, attachment, boundary };
    return { ...opened, close, openedAt, ...(await look(opened)) };
  } catch (error) {
    await close();
    throw translated(error, request, { source: source?.label ?? request.source.name, target: redis.label });
  }
}

function refuseEndless({ source, settings }: DrainRequest): void {
  if (!settings.follow || source.kind !== 'archive') return;
  throw new QctlError('usage', '--follow: nothing comes to an archive, so that there is nothing to follow', {
    code: 'FOLLOW_ARCHIVE',
    hint: ['leave out --follow'],
  });
}

async function openSource({ source, settings }: DrainRequest): Promise<OpenSource> {
  if (source.kind === 'archive') return ArchiveSource.open(source.path);
  if (source.kind === 'postgres') return PostgresSource.open(source.connection, source.spec);
  if (source.kind === 'celery') return CelerySource.open(source.connection, source.spec);
  // What cannot be meant is refused before anything is asked.
  compileSelection(source.selection ?? {}, settings.enqueuedBefore);
  return SqsSource.open(source.connection);
}

function endsOf(source: OpenSource, redis: RedisConnection): Ends {
  return { sourceIdentity: source.identity, sourceLabel: source.label, targetLabel: redis.label };
}

async function look(opened: OpenEnds): Promise<Pick<OpenDrain, 'target' | 'plan'>> {
  const { request, source, redis, attachment, boundary } = opened;
  const { run } = attachment.manifest;
  const depth = await source.depth(run);
  const estimatedBytes = await bytesIn(source, depth);
  const { archive: named } = request.settings;
  const archive = named === undefined ? null : archiveFile(named, run);
  if (archive !== null) await ArchiveSink.check(archive, run);
  const target = await checkTarget(redis, request, { messages: depth.ready, bytes: estimatedBytes });
  const own = await findingsOf(request, source, attachment);
  const scheduled = await scheduledFindings(source, depth, request, target.facts.timeMs ?? Date.now());
  const controls = controlsOf(await viewRun(redis.client, run));
  const tuned = inForce(request.settings, controls, 1);
  const findings = [
    ...own,
    ...(await emptyFindings(source, depth, attachment)),
    ...unevaluatedFindings(depth),
    ...scheduled,
    ...target.findings,
    ...(await oppositeFindings(redis.client, lockFor(source.identity), attachment)),
    ...(await occupied(redis, request, attachment)),
    ...boundaryFindings(boundary),
    ...(await checkBrakes(tuned.brake, request, redis)),
  ];
  const plan = planOf(opened, { depth, estimatedBytes, archive, controls, tuned, findings });
  return { target, plan };
}

function boundaryFindings({ before, prior, changed }: Boundary): Finding[] {
  if (!changed) return [];
  const text = (at: string | null): string => at ?? 'none';
  return [
    {
      level: 'note',
      code: 'BOUNDARY_CHANGED',
      text: `the run's boundary changes: ${text(prior)} -> ${text(before)}`,
    },
  ];
}

async function findingsOf(
  request: DrainRequest,
  source: OpenSource,
  { manifest, abandon }: Attachment,
): Promise<Finding[]> {
  if (source instanceof SqsSource) return queueFindings(source, request);
  if (source instanceof ArchiveSource) return source.findings;
  return [...source.findings, ...(await source.othersClaims(manifest.run, abandon?.manifest.run))];
}

/** A run that goes on may well find nothing more. */
async function emptyFindings(source: OpenSource, depth: Depth, { kind }: Attachment): Promise<Finding[]> {
  if (!(source instanceof PostgresSource) || kind !== 'new' || depth.ready !== 0 || depth.unmatched)
    return [];
  return source.nothingReady();
}

async function bytesIn(source: OpenSource, { ready }: Depth): Promise<number | null> {
  if (source instanceof ArchiveSource) return source.bytes;
  if (source instanceof SqsSource || ready === null) return null;
  const average = source instanceof CelerySource ? await source.averageBytes() : source.table.averageRowBytes;
  return average === null ? null : Math.round(ready * average);
}

async function queueFindings(
  source: SqsSource,
  { source: from, settings }: DrainRequest,
): Promise<Finding[]> {
  const findings = [...(await source.rightsFindings()), ...source.findings(settings.visibilityMs)];
  const selection = (from.kind === 'sqs' && from.selection) || {};
  if (selects(selection, settings.enqueuedBefore))
    findings.push(...selectionFindings(source.facts, settings.allowReceiveCount));
  return findings;
}

/** What a new run would append behind. */
async function occupied(
  redis: RedisConnection,
  request: DrainRequest,
  attachment: Attachment,
): Promise<Finding[]> {
  if (attachment.kind !== 'new') return [];
  const lengths = await Promise.all(
    partitionKeys(request.target.stream, request.target.partitions).map((key) =>
      redis.client.xlen(key).catch(() => 0),
    ),
  );
  return notEmptyFindings(
    lengths.reduce((a, b) => a + b, 0),
    attachment.manifest.mode,
  );
}

/** Throws `refused` with every blocker that the plan names. */
export function refuseBlockers(plan: DrainPlan): void {
  const blockers = plan.findings.filter((finding) => finding.level === 'blocker');
  if (blockers.length === 0) return;
  throw new QctlError(
    'refused',
    `the preflight refuses the drain: ${blockers.map((finding) => finding.text).join('; ')}`,
    {
      code: blockers[0]!.code,
      hint: blockers.flatMap((finding) => finding.remedy ?? []),
      details: { findings: blockers },
    },
  );
}

/** Names of the quarantine streams of a target. */
export function quarantineStreams(stream: string, partitions: number): string[] {
  return [...new Set(partitionKeys(stream, partitions).map((key) => streamKeys(key).quarantine))];
}
