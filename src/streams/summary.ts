import type { RedisConnection } from '../backends/redis/index.ts';
import { isQctlError } from '../errors.ts';
import { streamIdAgeMs } from '../model/stream-id.ts';
import { type WaitingFacts, waitingFacts } from './delayed.ts';
import { type FactsOptions, type GroupFacts, readFacts, type StreamFacts } from './facts.ts';
import { judgeLag, type Lag } from './lag.ts';

/** One stream in a few numbers. */
export interface StreamSummary {
  stream: string;
  length: number;
  /** Null where the stream is empty. */
  firstId: string | null;
  /** By the server's clock; null where the id is no time. */
  firstAgeMs: number | null;
  lastId: string | null;
  lastAgeMs: number | null;
  groups: number;
  /** Over all groups. */
  pending: number;
  /** The largest of the groups; null where it is not known, and where there are no groups. */
  lag: number | null;
  /** Null where there are no groups. */
  lagAtLeast: number | null;
  lagAtMost: number | null;
  /** Of the entry that waits longest for its acknowledgement, over all groups; null where nothing is pending. */
  oldestPendingAgeMs: number | null;
  /** Null where it was not asked for. */
  memoryBytes: number | null;
  /** Scheduled messages that wait until they are due; null where this user may not look. */
  waiting: number | null;
  /** When the first of them is due; null where none waits. */
  nextDueAt: string | null;
}

/** How {@link summariseStreams} looks. */
export interface SummaryOptions {
  /** Asks for the memory, too. */
  memory: boolean;
  /** Lags that Redis does not know are counted up to so many entries. */
  count: number;
}

/** What {@link summariseStreams} has found. */
export interface Summaries {
  streams: StreamSummary[];
  /** Streams that this user may not look at. */
  denied: string[];
}

/** So many streams are asked for at once. */
const AT_ONCE = 100;
/** Behind so many counted entries the other streams are counted up to {@link LEAST_COUNTED} only. */
const MOST_COUNTED = 150_000;
const LEAST_COUNTED = 50;

/**
 * Looks at many streams, a script each; streams that are gone meanwhile are left out. Throws as
 * `readFacts` does, and where the user may not look at any of them.
 */
export async function summariseStreams(
  redis: RedisConnection,
  streams: readonly string[],
  { memory, count }: SummaryOptions,
): Promise<Summaries> {
  const found: Summaries = { streams: [], denied: [] };
  const waiting = await waitingFacts(redis, streams);
  let counted = 0;
  for (let at = 0; at < streams.length; at += AT_ONCE) {
    const some = streams.slice(at, at + AT_ONCE);
    const options = { memory, count: counted < MOST_COUNTED ? count : Math.min(count, LEAST_COUNTED) };
    const looks = await Promise.all(some.map((stream) => look(redis, stream, options)));
    found.denied.push(...some.filter((_, index) => looks[index] === 'denied'));
    const facts = looks.filter((one) => one !== undefined && one !== 'denied');
    counted += facts.reduce((sum, { groups }) => sum + countedFor(groups), 0);
    found.streams.push(...facts.map((one) => ({ ...summaryOf(one), ...waiting(one.stream) })));
  }
  if (found.streams.length === 0 && found.denied.length > 0) await readFacts(redis, found.denied[0]!);
  return found;
}

async function look(
  redis: RedisConnection,
  stream: string,
  options: FactsOptions,
): Promise<StreamFacts | 'denied' | undefined> {
  try {
    return await readFacts(redis, stream, options);
  } catch (error) {
    const code = isQctlError(error) ? error.code : undefined;
    if (code === 'REDIS_NOPERM') return 'denied';
    // Since it was listed another kind of value has taken its place.
    if (code === 'REDIS_WRONG_TYPE') return undefined;
    throw error;
  }
}

/** What lies behind several groups was counted once. */
function countedFor(groups: readonly GroupFacts[]): number {
  return groups.reduce((most, { counted }) => Math.max(most, counted?.count ?? 0), 0);
}

/** The summary of a stream whose facts are known. */
export function summaryOf(facts: StreamFacts): Omit<StreamSummary, keyof WaitingFacts> {
  const { stream, length, timeMs, firstId, lastId, memoryBytes, groups } = facts;
  const largest = largestLag(groups.map((group) => judgeLag(facts, group)));
  return {
    stream,
    length,
    firstId,
    firstAgeMs: streamIdAgeMs(firstId, timeMs),
    lastId,
    lastAgeMs: streamIdAgeMs(lastId, timeMs),
    groups: groups.length,
    pending: groups.reduce((sum, { pending }) => sum + pending, 0),
    lag: largest?.lag ?? null,
    lagAtLeast: largest?.atLeast ?? null,
    lagAtMost: largest?.atMost ?? null,
    oldestPendingAgeMs: oldestPendingAgeMs(facts),
    memoryBytes,
  };
}

/** The largest of some lags: as sure as they allow. Null where there are none. */
export function largestLag(
  lags: readonly Pick<Lag, 'atLeast' | 'atMost'>[],
): Pick<Lag, 'lag' | 'atLeast' | 'atMost'> | null {
  if (lags.length === 0) return null;
  const atLeast = Math.max(...lags.map((lag) => lag.atLeast));
  const atMost = Math.max(...lags.map((lag) => lag.atMost));
  return { lag: atLeast === atMost ? atLeast : null, atLeast, atMost };
}

function oldestPendingAgeMs({ groups, timeMs }: StreamFacts): number | null {
  const ages = groups.map(({ oldestPendingId }) => streamIdAgeMs(oldestPendingId, timeMs));
  const known = ages.filter((age) => age !== null);
  return known.length > 0 ? Math.max(...known) : null;
}
