import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { pendingPage } from '../backends/redis/scripts/pending-page.ts';
import type { Field } from '../model/entry.ts';
import { streamIdAgeMs } from '../model/stream-id.ts';
import { asking } from './asking.ts';
import { type Consumer, readConsumers } from './consumers.ts';
import type { GroupFacts, StreamFacts } from './facts.ts';
import { describeEntries } from './pending-entries.ts';
import { page, QUIET, type Work } from './work.ts';

/** Which pending entries are meant. */
export interface PendingFilter {
  consumer?: string;
  /** Not delivered to anybody for at least so long. Default 0. */
  minIdleMs?: number;
  /** Delivered at least so often. Default 0. */
  minDeliveries?: number;
}

/** How many entries lie in one span of idle times or delivery counts. */
export interface Bucket {
  /** The greatest value of the span, which begins behind the one before; null: no end. */
  atMost: number | null;
  count: number;
}

/** One entry of the pending entries list. */
export interface PendingEntry {
  id: string;
  consumer: string;
  /** Since its last delivery. */
  idleMs: number;
  /** Null where the id is no time. */
  ageMs: number | null;
  deliveries: number;
  /** The message itself was trimmed or deleted: nobody can process it any more. */
  gone: boolean;
  /** Names and values together; null where the message is gone. */
  payloadBytes: number | null;
  /** Null where they were not asked for, or are gone. */
  fields: Field[] | null;
}

/** The pending entries list of a group. */
export interface PendingReport {
  stream: string;
  group: string;
  /** In all, whatever the filter. */
  pending: number;
  consumers: Consumer[];
  /** What the filter lets through; the buckets and the entries are of these. */
  matching: number;
  idle: Bucket[];
  deliveries: Bucket[];
  /** The first by id. */
  entries: PendingEntry[];
}

const IDLE_BOUNDS_MS = [60_000, 300_000, 3_600_000, 86_400_000];
const DELIVERY_BOUNDS = [1, 2, 3, 5, 10];
const PAGE = 1000;

/** What a scan of a pending entries list found. */
export interface PendingScan {
  seen: number;
  matching: number;
  idle: Bucket[];
  deliveries: Bucket[];
  /** id, consumer, idle ms, deliveries. */
  first: [string, string, number, number][];
}

/** How {@link scanPending} looks. */
export interface ScanOptions {
  /** How many of the first are named. Default 0. */
  limit?: number;
  idleBoundsMs?: readonly number[];
  deliveryBounds?: readonly number[];
  work?: Work;
  /** Called after each page with the entries seen so far. */
  onPage?: (seen: number) => void;
}

/** Goes through the pending entries list page by page and counts; changes nothing, memory stays the same. */
export async function scanPending(
  redis: RedisConnection,
  stream: string,
  group: string,
  filter: PendingFilter,
  options: ScanOptions = {},
): Promise<PendingScan> {
  const {
    limit = 0,
    idleBoundsMs = IDLE_BOUNDS_MS,
    deliveryBounds = DELIVERY_BOUNDS,
    work = QUIET,
  } = options;
  const scan: PendingScan = {
    seen: 0,
    matching: 0,
    idle: [...idleBoundsMs, null].map((atMost) => ({ atMost, count: 0 })),
    deliveries: [...deliveryBounds, null].map((atMost) => ({ atMost, count: 0 })),
    first: [],
  };
  let cursor = '-';
  while (cursor !== '' && !work.signal.aborted) {
    const { consumer = '', minIdleMs = 0, minDeliveries = 0 } = filter;
    const wanted = limit - scan.first.length;
    const bounds = [idleBoundsMs.join(' '), deliveryBounds.join(' ')];
    const args = [group, cursor, PAGE, consumer, minIdleMs, minDeliveries, wanted, ...bounds];
    const reply = (await page(redis, work, `look at the pending entries of ${stream} ${group}`, () =>
      runScript(redis.client, pendingPage, [stream], args),
    )) as PageReply;
    cursor = addPage(scan, reply);
    options.onPage?.(scan.seen);
  }
  return scan;
}

type PageReply = [string, number, number, number[], number[], PendingScan['first']];

function addPage(scan: PendingScan, [cursor, seen, matching, idle, deliveries, named]: PageReply): string {
  scan.seen += seen;
  scan.matching += matching;
  for (const [at, bucket] of scan.idle.entries()) bucket.count += idle[at]!;
  for (const [at, bucket] of scan.deliveries.entries()) bucket.count += deliveries[at]!;
  scan.first.push(...named);
  return cursor;
}

/** The pending entries list of a group: totals, buckets and the first entries that match. */
export async function readPending(
  redis: RedisConnection,
  facts: StreamFacts,
  group: GroupFacts,
  filter: PendingFilter,
  options: ScanOptions & { bodies?: boolean } = {},
): Promise<PendingReport> {
  const { stream } = facts;
  const consumers = await readConsumers(redis, stream, group.group);
  const scan = await scanPending(redis, stream, group.group, filter, options);
  return {
    stream,
    group: group.group,
    pending: group.pending,
    consumers,
    matching: scan.matching,
    idle: scan.idle,
    deliveries: scan.deliveries,
    entries: await entriesOf(redis, facts, scan.first, options.bodies === true),
  };
}

async function entriesOf(
  redis: RedisConnection,
  { stream, timeMs }: StreamFacts,
  named: PendingScan['first'],
  bodies: boolean,
): Promise<PendingEntry[]> {
  const ids = named.map(([id]) => id);
  const described = await asking(redis, `read the pending entries of ${stream}`, () =>
    describeEntries(redis, stream, ids, bodies),
  );
  return named.map(([id, consumer, idleMs, deliveries], at) => ({
    id,
    consumer,
    idleMs,
    ageMs: streamIdAgeMs(id, timeMs),
    deliveries,
    ...described[at]!,
  }));
}
