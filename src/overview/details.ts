import { isPattern } from '../config/streams.ts';
import {
  describeStream,
  existingStreams,
  groupOf,
  isStream,
  type PendingReport,
  readPending,
  requireFacts,
  resolveStreams,
  type StreamDetail,
  streamMissing,
  streamSettings,
  type Work,
} from '../streams/index.ts';
import type { OverviewDoors } from './doors.ts';

/** Lags that Redis does not know are counted up to so many entries; looked at when somebody asks for one stream. */
const COUNTED = 100_000;
const COUNTED_AT_ONCE = 1000;
const MOST_PENDING = 100;

/** A stream, or all partitions of one, with groups and consumers. A pattern means none. */
export async function streamDetail(
  doors: OverviewDoors,
  stream: string,
  signal: AbortSignal,
): Promise<StreamDetail[]> {
  const [redis, { streams }] = await Promise.all([doors.redis(), doors.config()]);
  if (isPattern(stream) && !(await isStream(redis, stream))) throw await streamMissing(redis, stream);
  const settings = await resolveStreams(redis, streams, stream);
  const found = await existingStreams(redis, settings, { memory: true, count: COUNTED_AT_ONCE });
  const details: StreamDetail[] = [];
  for (const one of found)
    details.push(await describeStream(redis, one, { limit: COUNTED, work: workOf(signal) }));
  return details;
}

/** The pending entries list of a group, the first entries by id. Throws STREAM_MISSING and GROUP_MISSING. */
export async function pendingDetail(
  doors: OverviewDoors,
  stream: string,
  group: string,
  signal: AbortSignal,
): Promise<PendingReport> {
  const [redis, { streams }] = await Promise.all([doors.redis(), doors.config()]);
  const facts = await requireFacts(redis, stream);
  const found = groupOf(facts, group, streamSettings(streams, stream, redis.kind === 'cluster'));
  const options = { limit: MOST_PENDING, work: workOf(signal) };
  return readPending(redis, facts, found, {}, options);
}

/** Work that waits for nothing: who asks asks again. */
export function workOf(signal: AbortSignal): Work {
  return { signal, waiting: () => undefined, patienceMs: 0 };
}
