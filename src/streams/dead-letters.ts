import type { RedisConnection } from '../backends/redis/index.ts';
import type { StreamConfig } from '../config/schema.ts';
import { DEAD_SUFFIX, isPattern, looksDead, type StreamSettings, streamSettings } from '../config/streams.ts';
import { isQctlError } from '../errors.ts';
import { partitionKeys } from '../model/keys.ts';
import { readFacts } from './facts.ts';
import { findStreams, isOwn, resolveStreams, streamMissing } from './names.ts';

/** A stream of dead letters; it need not exist yet. */
export interface DeadLetterStream {
  /** The key of the dead-letter stream itself. */
  stream: string;
  /** Whose dead letters go there, as far as configuration and name tell. Others may use it too. */
  owners: readonly StreamSettings[];
  /** Where a dead letter comes from that does not say so; null where that is not sure. */
  home: string | null;
  /** The conventions of all streams, since one dead-letter stream may be shared by many. */
  streams: Record<string, StreamConfig>;
}

/**
 * The dead-letter streams that an argument names: an argument that is one itself (somebody's `deadLetter`,
 * `…:dead`, or one that exists and is called like `orders_dlq`), else those of the streams that it means;
 * all partitions and all that match a pattern.
 * Throws `failed` STREAM_MISSING where neither the dead-letter stream nor its stream is known to anybody.
 *
 * @param given the name of the dead-letter stream, whatever the conventions say
 */
export async function resolveDeadLetters(
  redis: RedisConnection,
  streams: Record<string, StreamConfig>,
  argument: string,
  given?: string,
): Promise<DeadLetterStream[]> {
  const named = given === undefined && !isPattern(argument) && (await isNamed(redis, streams, argument));
  const meant = named ? [] : await resolveStreams(redis, streams, argument);
  // What matches a pattern exists.
  const isItself = isPattern(argument) ? isDeadLetter : isCertain;
  const names = meant.map((one) => given ?? (isItself(streams, one.stream) ? one.stream : one.deadLetter));
  const home = meant.length === 1 && names[0] !== meant[0]!.stream ? meant[0]!.stream : undefined;
  const found = unique(named ? [argument] : names).map((name) => describe(redis, streams, name, home));
  if (!isPattern(argument)) await refuseUnknown(redis, streams, argument, found);
  return found;
}

/** All dead-letter streams that anybody knows of: those of the configuration, and all that are called like one. */
export async function findDeadLetters(
  redis: RedisConnection,
  streams: Record<string, StreamConfig>,
  defaultStream?: string,
): Promise<DeadLetterStream[]> {
  return deadLettersAmong(redis, streams, await findStreams(redis, '*'), defaultStream);
}

/** Like {@link findDeadLetters}, for whoever has listed the streams already; asks Redis nothing. */
export function deadLettersAmong(
  redis: Pick<RedisConnection, 'kind'>,
  streams: Record<string, StreamConfig>,
  found: readonly string[],
  defaultStream?: string,
): DeadLetterStream[] {
  const further =
    defaultStream === undefined || looksDead(streams, defaultStream)
      ? {}
      : { [defaultStream]: streams[defaultStream] ?? {} };
  const configured = configuredStreams({ ...further, ...streams }, redis.kind === 'cluster');
  const existing = found.filter(
    (name) => name.endsWith(DEAD_SUFFIX) || (looksDead(streams, name) && !isOwn(name)),
  );
  const names = [
    ...configured.filter(({ stream, deadLetterNamed }) => deadLetterNamed || !isPattern(stream)),
    ...existing.map((deadLetter) => ({ deadLetter })),
  ].map(({ deadLetter }) => deadLetter);
  return unique(names)
    .sort()
    .map((name) => describe(redis, streams, name));
}

/** Of a stream that exists. */
export function isDeadLetter(streams: Record<string, StreamConfig>, name: string): boolean {
  return isCertain(streams, name) || looksDead(streams, name);
}

function isCertain(streams: Record<string, StreamConfig>, name: string): boolean {
  return name.endsWith(DEAD_SUFFIX) || Object.values(streams).some(({ deadLetter }) => deadLetter === name);
}

/**
 * A name that only looks like one may be that of a stream to come, whose dead letters are meant, or of one that
 * has dead letters of its own.
 */
async function isNamed(
  redis: RedisConnection,
  streams: Record<string, StreamConfig>,
  name: string,
): Promise<boolean> {
  if (isCertain(streams, name)) return true;
  if (!looksDead(streams, name) || !(await exists(redis, name))) return false;
  return !(await exists(redis, `${name}${DEAD_SUFFIX}`));
}

/** What may not be read, or is no stream, is there: whoever reads it then is told why not. */
async function exists(redis: RedisConnection, name: string): Promise<boolean> {
  try {
    return (await readFacts(redis, name)) !== undefined;
  } catch (error) {
    if (isQctlError(error) && UNREADABLE.has(error.code)) return true;
    throw error;
  }
}

/** The codes of errors that say that this key cannot be read, and nothing of the others. */
export const UNREADABLE: ReadonlySet<string> = new Set(['REDIS_NOPERM', 'REDIS_WRONG_TYPE']);

function describe(
  redis: Pick<RedisConnection, 'kind'>,
  streams: Record<string, StreamConfig>,
  stream: string,
  home?: string,
): DeadLetterStream {
  const configured = configuredStreams(streams, redis.kind === 'cluster').filter(
    ({ deadLetter }) => deadLetter === stream,
  );
  const bases = basesOf(stream)
    .map((name) => streamSettings(streams, name, redis.kind === 'cluster'))
    .filter(({ deadLetter }) => deadLetter === stream);
  const owners = [
    ...configured,
    ...bases.filter((base) => !configured.some((one) => one.stream === base.stream)),
  ];
  const shared = configured.some((owner) => owner.stream !== home);
  const [only] = owners.length === 1 && !isPattern(owners[0]!.stream) ? owners : [];
  return { stream, owners, home: home !== undefined && !shared ? home : (only?.stream ?? null), streams };
}

/** Settings of the streams that the configuration names, partitions one by one; a pattern stands for itself. */
function configuredStreams(streams: Record<string, StreamConfig>, cluster: boolean): StreamSettings[] {
  return Object.keys(streams).flatMap((name) => {
    const whole = streamSettings(streams, name, cluster);
    return partitionKeys(name, whole.partitions).map((key) => streamSettings(streams, key, cluster));
  });
}

/** `orders` for `orders:dead`; for `{orders}:dead`, the name on a cluster, `{orders}` and `orders`. */
function basesOf(deadLetter: string): string[] {
  if (!deadLetter.endsWith(DEAD_SUFFIX)) return [];
  const base = deadLetter.slice(0, -DEAD_SUFFIX.length);
  const bare = /^\{([^{}]+)\}$/.exec(base)?.[1];
  return [base, bare].filter((name) => name !== undefined && name !== '') as string[];
}

/** A misspelt name must not look like a stream without dead letters. */
async function refuseUnknown(
  redis: RedisConnection,
  streams: Record<string, StreamConfig>,
  argument: string,
  found: readonly DeadLetterStream[],
): Promise<void> {
  if (Object.hasOwn(streams, argument)) return;
  if (Object.values(streams).some(({ deadLetter }) => deadLetter === argument)) return;
  const names = found.flatMap(({ stream, owners, home }) => [
    stream,
    ...owners.map((owner) => owner.stream),
    ...(home === null ? [] : [home]),
  ]);
  for (const name of unique(names)) if (await readFacts(redis, name)) return;
  throw await streamMissing(redis, argument);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
