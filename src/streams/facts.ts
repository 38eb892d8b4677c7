import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { streamFacts } from '../backends/redis/scripts/stream-facts.ts';
import { asking } from './asking.ts';
import { streamMissing } from './names.ts';

/** What Redis says of a stream and its groups, all at one instant. */
export interface StreamFacts {
  stream: string;
  /** The server's clock, ms since 1970. */
  timeMs: number;
  length: number;
  /** Null where the stream is empty. */
  firstId: string | null;
  lastId: string | null;
  /** The greatest id that the stream ever had. */
  lastGeneratedId: string;
  /** The greatest id that was deleted one by one; null before Redis 7.0, `0-0` where none was. */
  maxDeletedId: string | null;
  /** Ever; null before Redis 7.0. */
  entriesAdded: number | null;
  /** Null where it was not asked for. */
  memoryBytes: number | null;
  /** By name, as Redis keeps them. */
  groups: GroupFacts[];
}

/** What Redis says of a consumer group. */
export interface GroupFacts {
  group: string;
  consumers: number;
  pending: number;
  lastDeliveredId: string;
  /** Null where Redis does not know it. */
  entriesRead: number | null;
  /** As Redis says it, which is not always so: see `judgeLag`. Null where Redis does not know it. */
  reportedLag: number | null;
  /** Null where nothing is pending. */
  oldestPendingId: string | null;
  /** What lies behind its position; absent where it was not counted. */
  counted?: Counted;
}

/** Entries behind a group's position, counted at the instant of the other facts. */
export interface Counted {
  count: number;
  /** False where the limit ended the count: there may be more. */
  complete: boolean;
  /** The first of them: the oldest that the group has not been given. Null where there is none. */
  firstId: string | null;
  /** The last that was counted. */
  lastId: string | null;
}

/** What else {@link readFacts} looks at. */
export interface FactsOptions {
  memory?: boolean;
  /**
   * Finds the first entry behind each group's position and, where neither the position nor Redis' own
   * lag settles how many there are, counts them: so many at most for all groups together, those that lie
   * behind several groups once. Default 0: neither.
   */
  count?: number;
}

type CountedReply = [count: number, lastId: string | null, complete: number, firstId: string | null];
type GroupReply = [
  string,
  number,
  number,
  string,
  number | null,
  number | null,
  string | null,
  CountedReply | null,
];
/** What the script says of one stream. */
export type FactsReply = [
  string,
  number,
  string | null,
  string | null,
  string,
  string | null,
  number | null,
  number | null,
  GroupReply[],
];

/** All counts of one look end after about so many bytes: none may hold up the server. */
export const MOST_BYTES = 1_000_000;

/** Looks at a stream; undefined where there is none. One script, no bodies. */
export async function readFacts(
  redis: RedisConnection,
  stream: string,
  { memory = false, count = 0 }: FactsOptions = {},
): Promise<StreamFacts | undefined> {
  const reply = (await asking(redis, `look at stream ${stream}`, () =>
    runScript(redis.client, streamFacts, [stream], [memory ? '1' : '0', count, MOST_BYTES]),
  )) as FactsReply | null;
  return reply === null ? undefined : toFacts(stream, reply);
}

/** The reply of the script for one stream. */
export function toFacts(stream: string, reply: FactsReply): StreamFacts {
  const [timeMs, length, firstId, lastId, lastGeneratedId, maxDeletedId, entriesAdded, memoryBytes, groups] =
    reply;
  return {
    stream,
    timeMs: Number(timeMs),
    length,
    firstId,
    lastId,
    lastGeneratedId,
    maxDeletedId,
    entriesAdded,
    memoryBytes,
    groups: groups.map(toGroup),
  };
}

function toGroup(reply: GroupReply): GroupFacts {
  const [group, consumers, pending, lastDeliveredId, entriesRead, reportedLag, oldestPendingId, counted] =
    reply;
  return {
    ...{ group, consumers, pending, lastDeliveredId, entriesRead, reportedLag, oldestPendingId },
    ...(counted && { counted: toCounted(counted) }),
  };
}

function toCounted([count, lastId, complete, firstId]: CountedReply): Counted {
  return { count, complete: complete === 1, firstId, lastId };
}

/** Like {@link readFacts}; throws `failed` STREAM_MISSING where there is none. */
export async function requireFacts(
  redis: RedisConnection,
  stream: string,
  options: FactsOptions = {},
): Promise<StreamFacts> {
  const facts = await readFacts(redis, stream, options);
  if (!facts) throw await streamMissing(redis, stream);
  return facts;
}
