import type { Override } from '../breaker/index.ts';
import type { CutoverStatus } from '../cutover/index.ts';
import type { RunStatus } from '../drain/index.ts';
import type { Route } from '../routing/index.ts';
import type { LagSource, StageRow } from '../streams/index.ts';

export type { StageRow };

/**
 * One look at everything that Redis holds; every renderer starts from it: page, REST, Prometheus, terminal. What is
 * not known is null, never 0. Times are RFC 3339, ages and spans ms by the clock of Redis, rates by the second.
 */
export interface Snapshot {
  /** Of the process that looked; numbers of another one say nothing. */
  epoch: string;
  /** Goes up by one with each look that succeeded. */
  seq: number;
  /** When this was read, by the clock of Redis: ages refer to it. */
  at: string;
  /** From the start of one look to the start of the next. */
  intervalMs: number;
  /** How long the look took. */
  tookMs: number;
  /** Parts that could not be looked at, or not wholly, such as those that this user may not read, and why. */
  missing: { part: SnapshotPart; why: string }[];
  redis: RedisRow;
  /** By name; streams that qctl keeps for itself, and dead letters, are left out. */
  streams: StreamRow[];
  /** Streams beyond the limit, and those that this user may not read. */
  streamsLeftOut: number;
  deadLetters: DeadLetterRow[];
  breakers: BreakerRow[];
  /** Drains, the newest first. */
  runs: RunStatus[];
  /** The newest first. */
  cutovers: CutoverStatus[];
  routes: RouteRow[];
  /** Old against new, for each source of the configuration that goes to a stream. */
  moves: MoveRow[];
  /** What consumers have recorded of their work. */
  stages: StageRow[];
}

/** A part of a snapshot that is looked at by itself. */
export type SnapshotPart =
  | 'redis'
  | 'streams'
  | 'deadLetters'
  | 'breakers'
  | 'runs'
  | 'cutovers'
  | 'routes'
  | 'moves'
  | 'stages';

/**
 * The server itself; of a cluster the sums over its primaries, but for the oldest version and the smallest uptime. All
 * but `label` and `kind` is null where this user may not ask.
 */
export interface RedisRow {
  /** Without user and password. */
  label: string;
  kind: 'standalone' | 'sentinel' | 'cluster';
  version: string | null;
  role: string | null;
  uptimeMs: number | null;
  usedMemoryBytes: number | null;
  /** Null where it has no limit. */
  maxMemoryBytes: number | null;
  maxMemoryPolicy: string | null;
  fragmentation: number | null;
  clients: number | null;
  blockedClients: number | null;
  operationsPerSecond: number | null;
  /** Of lookups since the last look that found their key, 0 to 1; null where there was none. */
  hitRatio: number | null;
  /** In all databases. */
  keys: number | null;
  /** Since the server started. */
  evictedKeys: number | null;
  replicas: number | null;
  /** `ok`, `failed`, or null where nothing is written to disk. */
  lastSave: 'ok' | 'failed' | null;
}

/** One stream. */
export interface StreamRow {
  stream: string;
  length: number;
  lastId: string | null;
  /** Of the first entry. */
  oldestAgeMs: number | null;
  /** Since the last entry was added. */
  lastAddedAgeMs: number | null;
  memoryBytes: number | null;
  /** Ever; null before Redis 7.0. */
  entriesAdded: number | null;
  /** Entries added; null before Redis 7.0, and until a second look. */
  inPerSecond: number | null;
  /** Entries finished by the slowest of its groups; null where no group's is known. */
  outPerSecond: number | null;
  /** Over all groups. */
  pending: number;
  /** The largest of its groups; null where it is not known, and where there are none. */
  lag: number | null;
  lagAtLeast: number | null;
  lagAtMost: number | null;
  oldestPendingAgeMs: number | null;
  /** Scheduled messages that wait for it. */
  waiting: number | null;
  groups: GroupRow[];
}

/** One consumer group. */
export interface GroupRow {
  group: string;
  consumers: number;
  pending: number;
  lag: number | null;
  lagAtLeast: number;
  lagAtMost: number;
  lagHow: LagSource;
  oldestPendingAgeMs: number | null;
  /** Age of the first entry that it has not been given. */
  oldestUndeliveredAgeMs: number | null;
  /** Given to it, and acknowledged by it. */
  deliveredPerSecond: number | null;
  finishedPerSecond: number | null;
}

/** One dead-letter stream. */
export interface DeadLetterRow {
  stream: string;
  /** Streams whose dead letters go there. */
  of: string[];
  length: number;
  /** Since the newest and the oldest died; null where there is none. */
  newestAgeMs: number | null;
  oldestAgeMs: number | null;
  addedPerSecond: number | null;
}

/** One circuit breaker, as calls meet it. */
export interface BreakerRow {
  breaker: string;
  state: 'closed' | 'open' | 'half-open';
  /** What happens to the next call. */
  verdict: 'pass' | 'reject' | 'probe';
  since: string | null;
  /** As a clause: `5 of 5 calls failed in 60s, threshold 5`. */
  why: string | null;
  /** Who tripped or reset it; null where it moved by itself. */
  by: string | null;
  reason: string | null;
  halfOpenAt: string | null;
  openings: number;
  calls: number;
  failed: number;
  slow: number;
  rejected: number;
  lastError: string | null;
  lastSeenAt: string | null;
  override:
    | (Pick<Override, 'mode' | 'by' | 'host' | 'reason'> & {
        since: string;
        until: string | null;
        /** It stands for a day or longer. */
        forgotten: boolean;
      })
    | null;
}

/** One route: share of the traffic that goes to the new side. */
export interface RouteRow {
  route: string;
  /** 0 to 100. */
  percent: number;
  rules: Omit<Route, 'name' | 'percent' | 'version' | 'changedBy' | 'changedAt' | 'reason'>;
  changedBy: string | null;
  changedAt: string | null;
  reason: string | null;
}

/** Depth of the old queue against that of the new stream. */
export interface MoveRow {
  /** Name in qctl.yaml. */
  source: string;
  kind: 'postgres' | 'sqs' | 'celery';
  stream: string;
  /** Ready messages in the old one. Null where it cannot be looked at: see `why`. */
  oldDepth: number | null;
  oldInFlight: number | null;
  /** An SQS queue tells about how many. */
  oldApproximate: boolean;
  /** When the old one was last counted; it is looked at less often than Redis. */
  oldAt: string | null;
  /** Not yet finished by the slowest group of the new one; its length where it has no group. */
  newDepth: number | null;
  why: string | null;
}
