import type { RedisConnection } from '../../backends/redis/index.ts';
import { type StreamSettings, streamSettings } from '../../config/streams.ts';
import { type UnfinishedRun, unfinishedRuns } from '../../drain/index.ts';
import { partitionKeys } from '../../model/keys.ts';
import { describeStream, readFacts, type StreamDetail } from '../../streams/index.ts';
import type { MoveRequest } from '../request.ts';
import { unlessDenied } from './allowed.ts';
import type { ClusterMap } from './cluster.ts';

/** A move that has a target. */
export type Move = MoveRequest & { target: NonNullable<MoveRequest['target']> };

/** Everything that was asked of the stream of one move. Null: this user may not look. */
export interface StreamAnswers {
  move: Move;
  /** Of each partition what stands under its name. */
  types: string[] | null;
  /** Partitions that exist and are streams. */
  details: StreamDetail[] | null;
  runs: UnfinishedRun[] | null;
  cluster: ClusterMap | null;
  /** How the stream is partitioned so far, as its keys and the configuration say; undefined: not at all yet. */
  partitionsBefore: number | undefined;
}

/** An analysis counts no more entries of a group than this. */
const MOST_COUNTED = 10_000;
const AT_ONCE = 16;

/** Looks at the stream and what stands beside it; changes nothing. */
export async function askAboutStream(
  redis: RedisConnection,
  move: Move,
  cluster: ClusterMap | null,
): Promise<StreamAnswers> {
  const { stream, partitions } = move.target;
  const keys = partitionKeys(stream, partitions);
  const types = await unlessDenied(Promise.all(keys.map((key) => redis.client.type(key))));
  const there = types === null ? keys : keys.filter((_, at) => types[at] === 'stream');
  const source = move.source && { kind: move.source.kind, name: move.source.name };
  return {
    move,
    types,
    details: await unlessDenied(detailsOf(redis, there, move.stream)),
    runs: await unlessDenied(unfinishedRuns(redis, { stream, source })),
    cluster,
    partitionsBefore: await partitionsBefore(redis, move),
  };
}

/** Of a stream that cannot be asked about at all. */
export function unknownStream(move: Move, cluster: ClusterMap): StreamAnswers {
  return { move, types: null, details: null, runs: null, cluster, partitionsBefore: undefined };
}

async function detailsOf(
  redis: RedisConnection,
  keys: readonly string[],
  whole: StreamSettings | null,
): Promise<StreamDetail[]> {
  const details: StreamDetail[] = [];
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const some = keys.slice(at, at + AT_ONCE).map(async (key) => {
      const facts = await readFacts(redis, key, { memory: true, count: MOST_COUNTED });
      const settings = settingsOf(key, whole, redis.kind === 'cluster');
      return facts && describeStream(redis, { settings, facts }, { limit: MOST_COUNTED });
    });
    details.push(...(await Promise.all(some)).filter((one) => one !== undefined));
  }
  return details;
}

/** What the configuration says of one partition. */
export function settingsOf(key: string, whole: StreamSettings | null, cluster: boolean): StreamSettings {
  const own = streamSettings({}, key, cluster);
  if (whole === null) return own;
  const deadLetter = whole.deadLetterNamed ? whole.deadLetter : own.deadLetter;
  return { ...whole, stream: key, partitions: 1, deadLetter };
}

/** Names of partitions that are looked for where the stream is to have another number of them. */
const LOOKED_FOR = 64;

async function partitionsBefore(
  { client }: RedisConnection,
  { target: { stream, partitions }, stream: settings }: Move,
): Promise<number | undefined> {
  const names = partitionKeys(stream, Math.max(LOOKED_FOR, 2 * partitions));
  const types = await unlessDenied(Promise.all([stream, ...names].map((name) => client.type(name))));
  const [whole, ...parts] = types ?? [];
  const last = parts.lastIndexOf('stream');
  // The last ones may not have got an entry yet.
  if (last >= 0 && (partitions === 1 || last >= partitions)) return last + 1;
  if (last < 0 && whole === 'stream') return 1;
  return settings && settings.partitions > 1 ? settings.partitions : undefined;
}
