/**
 * The part of a key that decides its slot in a Redis Cluster: what stands between the first `{` and
 * the next `}`, if anything does, else the whole key.
 */
export function hashTag(key: string): string {
  const open = key.indexOf('{');
  if (open < 0) return key;
  const close = key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}

/** Whether qctl keeps a key for itself. */
export function isOwn(key: string): boolean {
  return key.startsWith('qctl:');
}

/** The streams of a target: the stream itself, or `<stream>:{p}` for each partition. */
export function partitionKeys(stream: string, partitions: number): string[] {
  if (partitions <= 1) return [stream];
  return Array.from({ length: partitions }, (_, p) => `${stream}:{${p}}`);
}

/** Which partition a key belongs to: FNV-1a over its bytes, the same on every host and version. */
export function partitionOf(key: Uint8Array, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key[i]!, 0x01000193);
  return (hash >>> 0) % partitions;
}

/** The keys that qctl keeps beside one stream, all in the stream's own slot. */
export interface StreamKeys {
  stream: string;
  checkpoint(run: string, lane: number): string;
  ledger(run: string): string;
  settled(run: string, window: number): string;
  stats(run: string): string;
  quarantine: string;
  /** What a run of the way back has in hand; further keys of it follow behind a colon. */
  back(run: string): string;
  /** Messages that are not due yet: `SEQUENCE:RUN:ID` by the time at which they are, in ms (sorted set). */
  delayed: string;
  /** What each of them is in the stream once it is due, by the same name (hash). */
  delayedEntries: string;
  /** `seq`, and `RUN:moved`, `RUN:first`, `RUN:last`, `RUN:lost`, `RUN:taken` (hash). */
  delayedCounts: string;
  /** As `delayed`, those that somebody has in hand to take them elsewhere: nobody moves them meanwhile. */
  delayedHeld: string;
  /** What the consumers of a group have recorded of their work, see `src/streams/stage-fields.ts` (hash). */
  stages(group: string): string;
  /** How far one operation has come, so that a page whose reply was lost can be sent again. */
  operation(id: string): string;
  /** How much of an export is in the stream; `content` is the SHA-256 of its lines. */
  imported(content: string): string;
}

/** Names the keys beside `stream`. */
export function streamKeys(stream: string): StreamKeys {
  const base = `qctl:{${hashTag(stream)}}`;
  // By its whole name: streams of one tag, such as first partitions, must not share it.
  const own = (name: string) =>
    hashTag(stream) === stream ? `${base}:${name}` : `${base}:${name}:${stream}`;
  return {
    stream,
    checkpoint: (run, lane) => `${base}:checkpoint:${run}:${lane}`,
    ledger: (run) => `${base}:ledger:${run}`,
    settled: (run, window) => `${base}:ledger:${run}:settled:${window}`,
    stats: (run) => `${base}:ledger:${run}:stats`,
    back: (run) => `${base}:back:${run}`,
    operation: (id) => own(`op:${id}`),
    imported: (content) => own(`import:${content}`),
    quarantine: own('quarantine'),
    delayed: own('delayed'),
    delayedEntries: own('delayed-entries'),
    delayedCounts: own('delayed-counts'),
    delayedHeld: own('delayed-held'),
    stages: (group) => own(`stages:${group}`),
  };
}

export const RUN_INDEX = 'qctl:runs';
export const runKey = (run: string): string => `qctl:run:${run}`;
/** Streams (partitions each by itself) that messages wait for, by when that was last announced (sorted set). */
export const DELAYED_INDEX = 'qctl:delayed';
export const lockKey = (name: string): string => `qctl:lock:${name}`;
/** What keeps two of `qctl maintain` apart (hash). */
export const MAINTAIN_LOCK = lockKey('maintain');

/** Cutovers by when they began, in ms (sorted set). */
export const CUTOVER_INDEX = 'qctl:cutovers';

/** Rehearsals of cutovers under way: what is to be taken away after them, by their name (hash). */
export const REHEARSALS = 'qctl:rehearsals';

/** The keys of one run of a cutover, all in one slot. */
export interface CutoverKeys {
  /** Status, fence, who is at work (hash). */
  record: string;
  /** Copy of the journal, a line each (list). */
  journal: string;
  /** What operators have said: pause, abort, approvals (hash). */
  control: string;
}

/** Names the keys of a run of a cutover. */
export function cutoverKeys(run: string): CutoverKeys {
  const record = `qctl:{cutover:${run}}`;
  return { record, journal: `${record}:journal`, control: `${record}:control` };
}

/** The lock that keeps two runs of one kind apart. */
export const cutoverLockKey = (name: string): string => lockKey(`cutover:${name}`);

/** The keys of one circuit breaker, all in one slot. */
export interface BreakerKeys {
  state: string;
  override: string;
  config: string;
  /** Probes under way: lease by the time at which it is given up, in ms (sorted set). */
  probe: string;
  /** Events that a cluster keeps here until they are brought to {@link BREAKER_EVENTS} (stream). */
  outbox: string;
  /** Counters begun at this time, in ms. */
  bucket(startMs: number): string;
}

/** Names the keys of a circuit breaker. */
export function breakerKeys(name: string): BreakerKeys {
  const base = `qctl:{cb:${name}}`;
  return {
    state: `${base}:state`,
    override: `${base}:override`,
    config: `${base}:config`,
    probe: `${base}:probe`,
    outbox: `${base}:outbox`,
    bucket: (startMs) => `${base}:b:${startMs}`,
  };
}

/** What happened to circuit breakers (stream). */
export const BREAKER_EVENTS = 'qctl:cb:events';
/** Circuit breakers by when a process was last heard of, in ms (sorted set). */
export const BREAKER_INDEX = 'qctl:cb:index';

/** The keys of one route, in one slot. */
export interface RouteKeys {
  /** What is in force (hash). */
  route: string;
  /** The last changes as JSON, the newest first (list). */
  history: string;
}

/** Names the keys of a route. */
export function routeKeys(name: string): RouteKeys {
  const route = `qctl:{route:${name}}`;
  return { route, history: `${route}:history` };
}

/** Names of routes (sorted set, all with the score 0). */
export const ROUTE_INDEX = 'qctl:routes';
/** Where the name of a route is published when it changes (channel). */
export const ROUTE_CHANGES = 'qctl:routes:changed';

/** What was done through `qctl serve`, by whom and why (stream). */
export const AUDIT = 'qctl:audit';
/** What is kept of one alert rule: its state and its version (hash). */
export const alertKey = (rule: string): string => `qctl:{alert:${rule}}`;
/** Alert rules by when they were first looked at, in ms (sorted set). */
export const ALERT_INDEX = 'qctl:alerts';

/** The slot of a key in a Redis Cluster: CRC16 (XMODEM) of its hash tag, modulo 16384. */
export function slotOf(key: string): number {
  let crc = 0;
  for (const byte of Buffer.from(hashTag(key))) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return (crc & 0xffff) % 16384;
}

/** What a load test makes for itself, all in one slot; gone with it, or by itself soon after it was killed. */
export function loadKeys(run: string): { stream: string; deadLetters: string } {
  const stream = `qctl:load:{${run}}`;
  return { stream, deadLetters: `${stream}:dead` };
}
