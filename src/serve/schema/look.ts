import {
  anything,
  flag,
  list,
  maybe,
  maybeNumber,
  maybeText,
  maybeTime,
  number,
  object,
  oneOf,
  type Schema,
  text,
  time,
} from './types.ts';

const GROUP = object({
  group: text,
  consumers: number,
  pending: number,
  lag: maybeNumber,
  lagAtLeast: number,
  lagAtMost: number,
  lagHow: oneOf('position', 'reported', 'counted', 'bound'),
  oldestPendingAgeMs: maybeNumber,
  oldestUndeliveredAgeMs: maybeNumber,
  deliveredPerSecond: maybeNumber,
  finishedPerSecond: maybeNumber,
});

const STREAM_ROW = object({
  stream: text,
  length: number,
  lastId: maybeText,
  oldestAgeMs: maybeNumber,
  lastAddedAgeMs: maybeNumber,
  entriesAdded: maybeNumber,
  memoryBytes: maybeNumber,
  inPerSecond: maybeNumber,
  outPerSecond: maybeNumber,
  pending: number,
  lag: maybeNumber,
  lagAtLeast: maybeNumber,
  lagAtMost: maybeNumber,
  oldestPendingAgeMs: maybeNumber,
  waiting: maybeNumber,
  groups: list(GROUP),
});

const REDIS = object({
  label: text,
  kind: oneOf('standalone', 'sentinel', 'cluster'),
  version: maybeText,
  role: maybeText,
  uptimeMs: maybeNumber,
  usedMemoryBytes: maybeNumber,
  maxMemoryBytes: maybeNumber,
  maxMemoryPolicy: maybeText,
  fragmentation: maybeNumber,
  clients: maybeNumber,
  blockedClients: maybeNumber,
  operationsPerSecond: maybeNumber,
  hitRatio: maybeNumber,
  keys: maybeNumber,
  evictedKeys: maybeNumber,
  replicas: maybeNumber,
  lastSave: maybeText,
});

const DEAD_LETTERS = object({
  stream: text,
  of: list(text),
  length: number,
  newestAgeMs: maybeNumber,
  oldestAgeMs: maybeNumber,
  addedPerSecond: maybeNumber,
});

const OVERRIDE = object({
  mode: oneOf('open', 'closed', 'disabled', 'observe'),
  by: text,
  host: text,
  reason: text,
  since: time,
  until: maybeTime,
  forgotten: flag,
});

const BREAKER = object({
  breaker: text,
  state: oneOf('closed', 'open', 'half-open'),
  verdict: oneOf('pass', 'reject', 'probe'),
  since: maybeTime,
  why: maybeText,
  by: maybeText,
  reason: maybeText,
  halfOpenAt: maybeTime,
  openings: number,
  calls: number,
  failed: number,
  slow: number,
  rejected: number,
  lastError: maybeText,
  lastSeenAt: maybeTime,
  override: maybe(OVERRIDE),
});

const ROUTE = object({
  route: text,
  percent: number,
  rules: anything,
  changedBy: maybeText,
  changedAt: maybeTime,
  reason: maybeText,
});

const MOVE = object({
  source: text,
  kind: oneOf('postgres', 'sqs'),
  stream: text,
  oldDepth: maybeNumber,
  oldInFlight: maybeNumber,
  oldApproximate: flag,
  oldAt: maybeTime,
  newDepth: maybeNumber,
  why: maybeText,
});

const STAGE = object({
  stream: text,
  group: text,
  stage: text,
  engine: maybeText,
  finished: number,
  failed: number,
  retried: number,
  sumMs: number,
  buckets: list(object({ atMostMs: maybeNumber, count: number })),
});

const RUN = object({ run: text, state: text }, 'as qctl drain status -o json prints it');
const CUTOVER = object({ run: text, plan: text, state: text }, 'as qctl cutover status -o json prints it');

/** Fields of a snapshot, each as its own route answers it. */
export const LOOKS = {
  streams: list(STREAM_ROW),
  streamsLeftOut: number,
  redis: REDIS,
  deadLetters: list(DEAD_LETTERS),
  breakers: list(BREAKER),
  runs: list(RUN),
  cutovers: list(CUTOVER),
  routes: list(ROUTE),
  moves: list(MOVE),
  stages: list(STAGE),
} satisfies Record<string, Schema>;

export const WHOLE = object({
  snapshot: object({
    ...{ epoch: text, seq: number, at: time, intervalMs: number, tookMs: number },
    missing: list(object({ part: text, why: text })),
    ...LOOKS,
  }),
  away: maybe(object({ since: time, why: text })),
});

const HEAD: Record<string, Schema> = {
  epoch: { ...text, description: 'of the process that looked' },
  seq: { ...number, description: 'number of the look' },
  at: time,
  intervalMs: number,
  away: {
    ...maybe(object({ since: time, why: text })),
    description: 'nothing newer can be had, since and why',
  },
  missing: { ...maybeText, description: 'why this part could not be looked at' },
};

/** Fields of a look under what stands above each of them. */
export function lookOf(fields: Record<string, Schema>): Schema {
  return object({ ...HEAD, ...fields });
}
