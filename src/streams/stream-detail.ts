import type { RedisConnection } from '../backends/redis/index.ts';
import type { StreamSettings } from '../config/streams.ts';
import type { Finding } from '../model/finding.ts';
import { isIntact } from '../model/intact.ts';
import { streamIdAgeMs } from '../model/stream-id.ts';
import { type Member, readMembers } from './consumers.ts';
import { waitingFacts } from './delayed.ts';
import { type FactsOptions, readFacts, type StreamFacts } from './facts.ts';
import { describeGroup, type GroupDetail } from './group-detail.ts';
import { streamMissing } from './names.ts';
import { adviseOn } from './stream-advice.ts';
import type { Work } from './work.ts';

/** All that is known of a stream. Ages are by the server's clock, null where an id is no time. */
export interface StreamDetail {
  stream: string;
  length: number;
  firstId: string | null;
  firstAgeMs: number | null;
  lastId: string | null;
  lastAgeMs: number | null;
  lastGeneratedId: string;
  /** Null before Redis 7.0. */
  maxDeletedId: string | null;
  /** Ever; null before Redis 7.0. */
  entriesAdded: number | null;
  memoryBytes: number | null;
  /** What the configuration says of it, conventions filled in. */
  settings: StreamSettings;
  /** How many lie in the dead-letter stream; null where it could not be looked at. */
  deadLetters: number | null;
  /** Scheduled messages that wait until they are due; null where this user may not look. */
  waiting: number | null;
  /** When the first of them is due; null where none waits. */
  nextDueAt: string | null;
  groups: GroupWithMembers[];
  /** What is odd, and what to do about it. */
  advice: Finding[];
}

/** A group and its consumers. */
export interface GroupWithMembers extends GroupDetail {
  members: Member[];
}

/** A stream that exists, and what the configuration says of it. */
export interface FoundStream {
  settings: StreamSettings;
  facts: StreamFacts;
}

/**
 * The facts of all these streams that exist: a partition that nothing was added to is left out. Throws
 * `failed` STREAM_MISSING where none does.
 *
 * @param options see `readFacts`
 */
export async function existingStreams(
  redis: RedisConnection,
  all: readonly StreamSettings[],
  options: FactsOptions = {},
): Promise<FoundStream[]> {
  const found: FoundStream[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const some = all.slice(at, at + AT_ONCE).map(async (settings) => {
      const facts = await readFacts(redis, settings.stream, options);
      return facts && { settings, facts };
    });
    found.push(...(await Promise.all(some)).filter((one) => one !== undefined));
  }
  if (found.length === 0) throw await streamMissing(redis, all[0]!.stream);
  return found;
}

const AT_ONCE = 100;

/** Describes a stream with its groups and their consumers. The facts must have been asked for with `count`. */
export async function describeStream(
  redis: RedisConnection,
  { settings, facts }: FoundStream,
  options: { limit: number; work?: Work },
): Promise<StreamDetail> {
  const groups: GroupWithMembers[] = [];
  for (const group of facts.groups) {
    const detail = await describeGroup(redis, facts, group, options);
    // Nobody can ask for the members of a group whose name is not known.
    const members = isIntact(group.group)
      ? await readMembers(redis, facts, group.group, settings.minIdleMs)
      : [];
    groups.push({ ...detail, members });
  }
  const { timeMs, groups: _groups, ...rest } = facts;
  const dead = await readFacts(redis, settings.deadLetter).catch(() => null);
  const detail = {
    ...rest,
    firstAgeMs: streamIdAgeMs(facts.firstId, timeMs),
    lastAgeMs: streamIdAgeMs(facts.lastId, timeMs),
    settings,
    deadLetters: dead === undefined ? 0 : (dead?.length ?? null),
    ...(await waitingFacts(redis, [facts.stream]))(facts.stream),
    groups,
  };
  return { ...detail, advice: adviseOn(detail, facts) };
}
