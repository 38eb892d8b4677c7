import { type AnalyseRequest, askingCarefully, type MoveRequest } from '../../src/analyse/index.ts';
import type { RedisOptions } from '../../src/backends/redis/index.ts';
import type { PlanDrain } from '../../src/config/plan-drains.ts';
import type { CelerySourceConfig, SourceConfig } from '../../src/config/schema.ts';
import { streamSettings } from '../../src/config/streams.ts';
import {
  type CelerySpec,
  DEFAULT_SETTINGS,
  type DrainSettings,
  type DrainSource,
  type DrainTarget,
} from '../../src/drain/index.ts';
import { isQctlError, QctlError } from '../../src/errors.ts';
import type { Context } from '../context.ts';
import { celerySpec } from '../drain/celery-options.ts';
import { type DrainFlags, toTarget } from '../drain/options.ts';
import { selectionOf } from '../drain/queue-selection-options.ts';
import { receiversOf } from '../drain/receiver-options.ts';
import { sourceNameOf, sourceSpec } from '../drain/source-spec.ts';
import { withTakeOptions } from '../drain/take-options.ts';
import type { AnalyseFlags } from './options.ts';

/** What the flags, the configuration and the plan ask to be looked at. Looks into a database for the format of a queue. */
export async function requestOf(context: Context, flags: AnalyseFlags): Promise<AnalyseRequest> {
  const redis = await redisOf(context);
  const wanted = flags.plan === undefined ? await chosen(context, flags) : await planned(context, flags.plan);
  const moves: MoveRequest[] = [];
  for (const one of wanted) moves.push(await toMove(context, one, redis !== null));
  if (redis === null && moves.every((move) => move.source === null)) throw nothingNamed();
  return { redis, moves, observeMs: flags.observe ?? 0, sample: flags.sample ?? 0 };
}

/** Nothing that an analysis asks takes long: a server that says nothing for so long says nothing at all. */
const SILENCE_MS = 15_000;

async function redisOf(context: Context): Promise<RedisOptions | null> {
  const redis = await unlessMissing(context.redisOptions());
  return redis && { ...redis, silenceTimeoutMs: context.options.timeoutMs ?? SILENCE_MS };
}

/** One source and its stream, before anything is resolved. `source` null: what flags and environment name. */
interface Wanted {
  name: string | null;
  source: string | null;
  kind: SourceConfig['kind'] | null;
  flags: AnalyseFlags;
}

async function planned({ env }: Context, path: string): Promise<Wanted[]> {
  const { readPlanDrains } = await import('../../src/config/plan-drains.ts');
  return (await readPlanDrains(path, env)).map(({ name, source, stream, ...flags }: PlanDrain) => ({
    name,
    source,
    kind: null,
    flags: { ...flags, ...(stream !== undefined && { target: stream }) } as AnalyseFlags,
  }));
}

/** The source that is named, what the flags describe, all sources of the configuration, or what the environment names. */
async function chosen(context: Context, flags: AnalyseFlags): Promise<Wanted[]> {
  if (flags.source !== undefined) return [{ name: flags.source, source: flags.source, kind: null, flags }];
  const own = { name: null, source: null, flags };
  if (flags.queueUrl !== undefined) return [{ ...own, kind: 'sqs' }];
  if (flags.brokerUrl !== undefined) return [{ ...own, kind: 'celery' }];
  if (describesTable(flags)) return [{ ...own, kind: 'postgres' }];
  const { sources } = await context.config();
  const names = Object.keys(sources);
  if (names.length > 0 && flags.target === undefined)
    return names.map((name) => ({ name, source: name, kind: null, flags }));
  if (await unlessMissing(context.sqsOptions())) return [{ ...own, kind: 'sqs' }];
  if (await unlessMissing(context.postgresOptions())) return [{ ...own, kind: 'postgres' }];
  return [{ ...own, kind: (await unlessMissing(context.brokerOptions())) ? 'celery' : null }];
}

function describesTable({ table, format, queue, schema, postgresUrl }: AnalyseFlags): boolean {
  return [table, format, queue, schema, postgresUrl].some((flag) => flag !== undefined);
}

async function toMove(context: Context, wanted: Wanted, withRedis: boolean): Promise<MoveRequest> {
  const { sources, streams, defaults } = await context.config();
  const { flags } = wanted;
  const configured = wanted.source === null ? undefined : sources[wanted.source];
  const kind = configured?.kind ?? wanted.kind ?? (wanted.source === null ? null : 'postgres');
  const source = kind && (await toSource(context, { ...wanted, kind }, configured));
  const stream = flags.target ?? configured?.stream ?? defaults.stream;
  return {
    name: wanted.name ?? source?.name ?? stream ?? 'redis',
    source,
    target: withRedis && stream !== undefined ? await targetOf(context, flags, stream, configured) : null,
    stream: stream === undefined ? null : streamSettings(streams, stream),
    settings: settingsOf(source, flags),
  };
}

async function toSource(
  context: Context,
  { source: name, kind, flags }: Wanted & { kind: SourceConfig['kind'] },
  configured: SourceConfig | undefined,
): Promise<DrainSource> {
  if (kind === 'sqs') {
    const connection = await context.sqsOptions(name ?? undefined);
    const own = connection.queueUrl.slice(connection.queueUrl.lastIndexOf('/') + 1);
    const selection = selectionOf(flags, configured?.kind === 'sqs' ? configured : undefined);
    return { kind, name: name ?? own, connection, selection };
  }
  if (kind === 'celery') {
    const spec = queueOf(flags, configured?.kind === 'celery' ? configured : undefined);
    return {
      kind,
      name: name ?? spec.queue,
      connection: await context.brokerOptions(name ?? undefined),
      spec,
    };
  }
  // Throws where the name is of no source, or of one of another kind.
  const connection = await context.postgresOptions(name ?? undefined);
  const table = configured?.kind === 'postgres' ? configured : undefined;
  const defaults = { name: name ?? undefined, configured: table, asking: askingCarefully };
  const described = await sourceSpec(context, flags, defaults);
  const spec = withTakeOptions(described, flags, table);
  return { kind, name: name ?? sourceNameOf(spec), connection, spec };
}

/** The flags of a job library's queues mean the queue of Celery here. */
function queueOf(
  { queue = [], keyPrefix, types, filter }: AnalyseFlags,
  configured: CelerySourceConfig | undefined,
): CelerySpec {
  if (queue.length > 1)
    throw new QctlError('usage', '--queue: a queue of Celery is looked at by itself', {
      code: 'CELERY_QUEUES',
      hint: ['name one of them, or write each as a source into qctl.yaml'],
    });
  return celerySpec({ queue: queue[0], keyPrefix, types, filter }, configured);
}

function targetOf(
  context: Context,
  { partitions, durability }: AnalyseFlags,
  stream: string,
  configured: SourceConfig | undefined,
): Promise<DrainTarget> {
  const flags = { stream, partitions, durability, verify: true } as DrainFlags;
  return toTarget(context, flags, configured ?? {});
}

/** As the drain would be run without further flags. */
function settingsOf(source: DrainSource | null, flags: AnalyseFlags): DrainSettings {
  if (source?.kind === 'sqs') {
    const receivers = receiversOf(flags);
    return { ...DEFAULT_SETTINGS, workers: receivers.max, receivers };
  }
  const copies = source?.kind === 'postgres' && source.spec.mode === 'copy';
  return { ...DEFAULT_SETTINGS, workers: copies ? 1 : 2 };
}

const MISSING = ['REDIS_MISSING', 'SQS_MISSING', 'POSTGRES_MISSING', 'BROKER_MISSING'];

/** Null where nothing names the system; other errors pass. */
async function unlessMissing<T>(options: Promise<T>): Promise<T | null> {
  try {
    return await options;
  } catch (error) {
    if (isQctlError(error) && MISSING.includes(error.code)) return null;
    throw error;
  }
}

function nothingNamed(): QctlError {
  return new QctlError('usage', 'neither a source nor a target is named', {
    code: 'NOTHING_TO_ANALYSE',
    hint: [
      '--source NAME of qctl.yaml, --queue-url, --broker-url, or --postgres-url with --table or --format',
      '--redis-url, REDIS_URL or redis: in qctl.yaml names the target',
    ],
  });
}
