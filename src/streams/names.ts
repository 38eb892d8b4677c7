import {
  mastersOf,
  type RedisConnection,
  refuseClusterNode,
  replyCode,
  type ScanChoice,
  scanNode,
} from '../backends/redis/index.ts';
import type { StreamConfig } from '../config/schema.ts';
import { findSimilar } from '../config/similar.ts';
import { isPattern, type StreamSettings, streamSettings } from '../config/streams.ts';
import { QctlError } from '../errors.ts';
import { isIntact } from '../model/intact.ts';
import { isOwn, partitionKeys } from '../model/keys.ts';
import { asking } from './asking.ts';

const STREAMS: ScanChoice = { type: 'stream' };

export { isOwn };

/** Is told how many streams were found whose names are no UTF-8 text: nobody can ask for one of them. */
export type LeftOut = (streams: number) => void;

/**
 * All streams whose names match, in the order of their names. On a cluster every master is asked; throws
 * `config` REDIS_IS_CLUSTER where one URL leads to a node of one.
 */
export async function findStreams(
  redis: RedisConnection,
  pattern: string,
  leftOut?: LeftOut,
): Promise<string[]> {
  const doing = `list the streams ${pattern}`;
  await refuseClusterNode(redis, doing);
  const found = await asking(redis, doing, () =>
    Promise.all(mastersOf(redis).map((node) => scanNode(node, pattern, STREAMS))),
  );
  const names = [...new Set(found.flat())];
  const intact = names.filter(isIntact);
  if (intact.length < names.length) leftOut?.(names.length - intact.length);
  return intact.sort();
}

/**
 * The settings of the streams that an argument names: the stream itself, all partitions of one that the
 * configuration calls partitioned, or all that match a pattern. A pattern leaves out qctl's own streams
 * and throws `failed` where nothing matches; a plain name is not looked up. An argument that is both a
 * pattern and the name of a stream is that name.
 */
export async function resolveStreams(
  redis: RedisConnection,
  streams: Record<string, StreamConfig>,
  argument: string,
  leftOut?: LeftOut,
): Promise<StreamSettings[]> {
  const cluster = redis.kind === 'cluster';
  if (!isPattern(argument) || (await isStream(redis, argument))) {
    const whole = streamSettings(streams, argument, cluster);
    return partitionKeys(argument, whole.partitions).map((name) => ({
      ...streamSettings(streams, name, cluster),
      partitions: 1,
    }));
  }
  const names = (await findStreams(redis, argument, leftOut)).filter(
    (name) => !isOwn(name) || isOwn(argument),
  );
  if (names.length === 0) throw nothingMatches(redis, argument);
  return names.map((name) => ({ ...streamSettings(streams, name, cluster), partitions: 1 }));
}

/** Whether there is a stream of exactly this name. A key that the user may not look at is none. */
export async function isStream(redis: RedisConnection, name: string): Promise<boolean> {
  return asking(redis, `look for streams ${name}`, async () => {
    try {
      return (await redis.client.type(name)) === 'stream';
    } catch (error) {
      if (replyCode(error) === 'NOPERM') return false;
      throw error;
    }
  });
}

function nothingMatches(redis: RedisConnection, pattern: string): QctlError {
  const hint = ["'qctl stream ls' lists all streams", 'check that this is the right server and database'];
  if (pattern.includes('[')) hint.push('put a backslash before [ * and ? that belong to a name');
  return new QctlError('failed', `no stream matches ${pattern} (${redis.label})`, {
    code: 'STREAM_MISSING',
    hint,
    details: { pattern },
  });
}

/**
 * A name is compared with so many others before a hint is given up; so many rounds look at about 100,000
 * keys, since most keys may be no streams at all.
 */
const COMPARED: ScanChoice = { ...STREAMS, names: 5000, rounds: 100 };

/** The error for a stream that is not there; names one that is spelled almost alike. */
export async function streamMissing(redis: RedisConnection, stream: string): Promise<QctlError> {
  const known = await Promise.all(
    mastersOf(redis).map((node) => scanNode(node, '*', COMPARED).catch(() => [])),
  );
  const similar = findSimilar(stream, known.flat().filter(isIntact).sort());
  const hint = ["'qctl stream ls' lists all streams", 'check that this is the right server and database'];
  if (similar) hint.unshift(`did you mean ${similar}?`);
  return new QctlError('failed', `there is no stream ${stream} (${redis.label})`, {
    code: 'STREAM_MISSING',
    hint,
    details: { stream },
  });
}
