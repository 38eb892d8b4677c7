import type { Cluster, Redis } from 'ioredis';
import type { RedisConnection } from '../backends/redis/index.ts';
import type { StreamConfig } from '../config/schema.ts';
import { findSimilar } from '../config/similar.ts';
import { isPattern, type StreamSettings, streamSettings } from '../config/streams.ts';
import { QctlError } from '../errors.ts';
import { partitionKeys } from '../model/keys.ts';
import { asking } from './asking.ts';

const SCAN_COUNT = '1000';
/** A name is compared with this many others before a hint is given up. */
const MOST_COMPARED = 5000;

/** All streams whose names match, in the order of their names. On a cluster every master is asked. */
export async function findStreams(redis: RedisConnection, pattern: string): Promise<string[]> {
  const found = await asking(redis, `list the streams ${pattern}`, async () => {
    const { client } = redis;
    const nodes = 'nodes' in client ? client.nodes('master') : [client];
    return Promise.all(nodes.map((node) => scan(node, pattern, Number.POSITIVE_INFINITY)));
  });
  return [...new Set(found.flat())].sort();
}

async function scan(node: Redis | Cluster, pattern: string, most: number): Promise<string[]> {
  const names: string[] = [];
  let cursor = '0';
  do {
    const args = [cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT, 'TYPE', 'stream'];
    const reply = (await node.call('SCAN', ...args)) as [string, string[]];
    [cursor] = reply;
    names.push(...reply[1]);
  } while (cursor !== '0' && names.length < most);
  return names;
}

/**
 * The settings of the streams that an argument names: the stream itself, all partitions of one that the
 * configuration calls partitioned, or all that match a pattern. A pattern leaves out qctl's own streams
 * and throws `failed` where nothing matches; a plain name is not looked up.
 */
export async function resolveStreams(
  redis: RedisConnection,
  streams: Record<string, StreamConfig>,
  argument: string,
): Promise<StreamSettings[]> {
  const cluster = redis.kind === 'cluster';
  if (!isPattern(argument)) {
    const whole = streamSettings(streams, argument, cluster);
    return partitionKeys(argument, whole.partitions).map((name) => ({
      ...streamSettings(streams, name, cluster),
      partitions: 1,
    }));
  }
  const names = (await findStreams(redis, argument)).filter((name) => !isOwn(name) || isOwn(argument));
  if (names.length === 0) throw nothingMatches(redis, argument);
  return names.map((name) => ({ ...streamSettings(streams, name, cluster), partitions: 1 }));
}

/** Whether qctl keeps a stream for itself. */
export function isOwn(name: string): boolean {
  return name.startsWith('qctl:');
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

/** The error for a stream that is not there; names one that is spelled almost alike. */
export async function streamMissing(redis: RedisConnection, stream: string): Promise<QctlError> {
  const { client } = redis;
  const nodes = 'nodes' in client ? client.nodes('master') : [client];
  const known = await Promise.all(nodes.map((node) => scan(node, '*', MOST_COMPARED).catch(() => [])));
  const similar = findSimilar(stream, known.flat().sort());
  const hint = ["'qctl stream ls' lists all streams", 'check that this is the right server and database'];
  if (similar) hint.unshift(`did you mean ${similar}?`);
  return new QctlError('failed', `there is no stream ${stream} (${redis.label})`, {
    code: 'STREAM_MISSING',
    hint,
    details: { stream },
  });
}
