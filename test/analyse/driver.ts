import {
  type AnalyseRequest,
  type Analysis,
  analyse,
  kindOf,
  type MoveRequest,
  type ShownFinding,
} from '../../src/analyse/index.ts';
import type { RedisOptions } from '../../src/backends/redis/index.ts';
import {
  CELERY_DEFAULTS,
  type CelerySpec,
  DEFAULT_SETTINGS,
  type DrainSettings,
  type DrainSource,
  type DrainTarget,
  type PostgresSpec,
  type SqsSelection,
} from '../../src/drain/index.ts';

/** What a test analyses; what is missing is not looked at. */
export interface Case {
  postgres?: { url: string; spec: Partial<PostgresSpec> & { table: string } };
  sqs?: { endpoint: string; queueUrl: string };
  celery?: { url: string } & Partial<CelerySpec>;
  /** SQS: which messages are wanted. */
  selection?: SqsSelection;
  redisUrl?: string;
  /** In place of redisUrl: Sentinel, a cluster, TLS. */
  redis?: RedisOptions;
  target?: Partial<DrainTarget> & { stream: string };
  stream?: MoveRequest['stream'];
  settings?: Partial<DrainSettings>;
  observeMs?: number;
  sample?: number;
}

/** Runs the analysis of one move as the library does. */
export async function analysed(given: Case): Promise<Analysis> {
  const analysis = await analyse(requestOf(given), new Date());
  for (const { code, level } of analysis.findings)
    if (!kindOf(code).levels.includes(level)) throw new Error(`the catalogue knows ${code} as no ${level}`);
  return analysis;
}

/** Findings of that code. */
export async function found(given: Case, code: string): Promise<ShownFinding[]> {
  return (await analysed(given)).findings.filter((finding) => finding.code === code);
}

function requestOf(given: Case): AnalyseRequest {
  const { redisUrl, target, stream = null, settings, observeMs = 0, sample = 0 } = given;
  const redis = given.redis ?? (redisUrl === undefined ? null : { url: redisUrl });
  const move: MoveRequest = {
    name: 'test',
    source: sourceOf(given),
    target: redis && target ? { partitions: 1, durability: 'memory', ...target, connection: redis } : null,
    stream,
    settings: { ...DEFAULT_SETTINGS, ...settings },
  };
  return { redis, moves: [move], observeMs, sample };
}

function sourceOf({ postgres, sqs, celery, selection }: Case): DrainSource | null {
  if (celery) {
    const { url, ...spec } = celery;
    return { kind: 'celery', name: 'celery', connection: { url }, spec: { ...CELERY_DEFAULTS, ...spec } };
  }
  if (postgres) {
    const spec: PostgresSpec = {
      format: 'generic',
      id: ['id'],
      payload: 'payload',
      done: { delete: true },
      mode: 'move',
      ...postgres.spec,
    };
    return { kind: 'postgres', name: spec.table, connection: { url: postgres.url }, spec };
  }
  if (!sqs) return null;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { kind: 'sqs', name: 'queue', selection, connection: { ...sqs, region: 'us-east-1', credentials } };
}
