import { isPattern, matchesPattern } from '../model/key-pattern.ts';
import { hashTag } from '../model/keys.ts';
import type { StreamConfig } from './schema.ts';

export { isPattern, matchesPattern };

/** What is known of a stream, conventions filled in. */
export interface StreamSettings {
  stream: string;
  group?: string;
  maxLen?: number;
  maxAgeMs?: number;
  /** 1 where the stream is not partitioned. */
  partitions: number;
  deadLetter: string;
  /** False where {@link StreamSettings.deadLetter} is the default name. */
  deadLetterNamed: boolean;
  /** Undefined: dead letters stay. */
  deadLetterTtlMs?: number;
  maxDeliveries?: number;
  minIdleMs?: number;
  claimTo?: string;
  entry: EntryNames;
}

/** Which field of an entry carries what. */
export interface EntryNames {
  body: string;
  type: string;
  priority: string;
  retryCount: string;
  correlationId: string;
  reason: string;
  originalStream: string;
}

const ENTRY_NAMES: EntryNames = {
  body: 'body',
  type: 'type',
  priority: 'priority',
  retryCount: 'attempts',
  correlationId: 'attr.correlationId',
  reason: 'reason',
  originalStream: 'stream',
};

/** Ends the name of a dead-letter stream that nobody has named. */
export const DEAD_SUFFIX = ':dead';

const DEAD_SEGMENT = /(?:^|[:._/-])(?:(?:dlq|dead[_-]?letters?)(?:$|[:._/-])|dead$)/i;

/**
 * Whether a name is one that people give to dead-letter streams: a part of it is `dlq` or `dead-letters`, or
 * its last part `dead`, as in `orders_dlq` and `app:dead_letter:events`. What the configuration calls a stream
 * is one.
 */
export function looksDead(streams: Record<string, StreamConfig>, name: string): boolean {
  const whole = partitioned(name);
  if (Object.hasOwn(streams, name) || (whole !== undefined && Object.hasOwn(streams, whole))) return false;
  return DEAD_SEGMENT.test(name.replace(/[{}]/g, ''));
}

/**
 * The settings of one stream: those under its own name, else under the name of the partitioned stream
 * that it is a part of (`alerts` for `alerts:{0}`), else those of the longest matching pattern (`orders:*`).
 *
 * @param cluster the default dead-letter stream must lie in the stream's own slot then
 */
export function streamSettings(
  streams: Record<string, StreamConfig>,
  stream: string,
  cluster = false,
): StreamSettings {
  const config = configOf(streams, stream);
  const { group, maxLen, maxAge, maxDeliveries, minIdle, claimTo, deadLetter, deadLetterTtl } = config;
  const parted = streams[stream] !== undefined && (config.partitions ?? 1) > 1;
  return {
    stream,
    group,
    maxLen,
    maxAgeMs: maxAge,
    partitions: parted ? config.partitions! : 1,
    deadLetter: deadLetter ?? defaultDeadLetter(stream, cluster),
    deadLetterNamed: deadLetter !== undefined,
    deadLetterTtlMs: deadLetterTtl,
    maxDeliveries,
    minIdleMs: minIdle,
    claimTo,
    entry: { ...ENTRY_NAMES, ...config.entry },
  };
}

/** `orders:dead`; on a cluster `{orders}:dead`, which shares the slot of `orders`. */
function defaultDeadLetter(stream: string, cluster: boolean): string {
  return cluster && hashTag(stream) === stream ? `{${stream}}${DEAD_SUFFIX}` : `${stream}${DEAD_SUFFIX}`;
}

/** `alerts` for `alerts:{0}`. */
function partitioned(stream: string): string | undefined {
  return /^(.*):\{\d+\}$/.exec(stream)?.[1];
}

function configOf(streams: Record<string, StreamConfig>, stream: string): StreamConfig {
  const whole = partitioned(stream);
  const own = streams[stream] ?? (whole === undefined ? undefined : streams[whole]);
  if (own) return own;
  const patterns = Object.keys(streams).filter((name) => isPattern(name) && matchesPattern(name, stream));
  const longest = patterns.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? {} : streams[longest]!;
}
