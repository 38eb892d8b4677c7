import { type RedisConnection, replyCode, runScript, toTargetError } from '../backends/redis/index.ts';
import { deleteGroup } from '../backends/redis/scripts/delete-group.ts';
import { setPosition } from '../backends/redis/scripts/set-position.ts';
import { QctlError } from '../errors.ts';
import { plural } from '../model/plural.ts';
import { shellWord } from '../model/shell-word.ts';
import { compareStreamIds } from '../model/stream-id.ts';
import { asking } from './asking.ts';
import { countEntries, type RangeCount } from './count.ts';
import type { GroupFacts, StreamFacts } from './facts.ts';
import type { Position } from './position.ts';
import type { Work } from './work.ts';

/** Makes a group. Throws `failed` GROUP_EXISTS where it exists and `failed` where the stream does not. */
export async function createGroup(
  redis: RedisConnection,
  stream: string,
  group: string,
  { lastDeliveredId, makeStream }: { lastDeliveredId: string; makeStream: boolean },
): Promise<void> {
  try {
    const more = makeStream ? ['MKSTREAM'] : [];
    await redis.client.call('XGROUP', 'CREATE', stream, group, lastDeliveredId, ...more);
  } catch (error) {
    if (replyCode(error) !== 'BUSYGROUP')
      throw toTargetError(error, redis.label, `create group ${group} on ${stream}`);
    throw groupExists(stream, group, error);
  }
}

/** The error for a group that is there already. */
export function groupExists(stream: string, group: string, cause?: unknown): QctlError {
  return new QctlError('failed', `stream ${stream} has a group ${group} already`, {
    code: 'GROUP_EXISTS',
    hint: [
      `'qctl group reset ${shellWord(stream)} ${shellWord(group)}' moves its position`,
      `'qctl group ls ${shellWord(stream)}' shows it`,
    ],
    details: { stream, group },
    cause,
  });
}

/**
 * The id behind which a group goes on that is set to a position. Throws `usage` where that lies ahead of
 * the stream: Redis would pass over all that comes until then, and the group would never get it.
 */
export function lastDeliveredAt(position: Position, facts: StreamFacts): string {
  const { stream, timeMs, lastGeneratedId } = facts;
  if (position.kind === 'start') return '0-0';
  if (position.kind === 'end') return lastGeneratedId;
  // The entry of that id is the last one delivered, as XGROUP SETID means it; a time means all from then on.
  const id = position.kind === 'id' ? position.id : idBefore(position.ms);
  if (compareStreamIds(id, lastGeneratedId) <= 0) return id;
  if (position.kind === 'id') throw ahead(`${id} lies ahead of the last id of ${stream}, ${lastGeneratedId}`);
  if (position.ms <= timeMs) return lastGeneratedId;
  throw ahead(`${new Date(position.ms).toISOString()} lies ahead of the server's clock`);
}

function idBefore(ms: number): string {
  return ms <= 0 ? '0-0' : `${ms - 1}-18446744073709551615`;
}

function ahead(message: string): QctlError {
  return new QctlError('usage', message, {
    code: 'BAD_POSITION',
    hint: ['a group set there would miss what comes until then; end means all that comes from now on'],
  });
}

/** What moving a group does. */
export interface ResetPlan {
  stream: string;
  group: string;
  prior: string;
  next: string;
  /** Entries that the group would get again; null where the count was ended early. */
  again: number | null;
  /** Entries that the group would never get; null where the count was ended early. */
  skipped: number | null;
  /** Counted so far, where one of the above is null. */
  atLeast: number;
  /** Entries that stay pending with their consumers whatever the position. */
  pending: number;
  /** Entries of the stream that will be delivered after the move; null where it is not known. */
  behind: number | null;
}

/** Counts what moving a group from its position to another would do. Changes nothing. */
export async function planReset(
  redis: RedisConnection,
  facts: StreamFacts,
  group: GroupFacts,
  next: string,
  { limit, work }: { limit: number; work?: Work },
): Promise<ResetPlan> {
  const { stream } = facts;
  const prior = group.lastDeliveredId;
  const order = compareStreamIds(next, prior);
  const [from, to] = order < 0 ? [next, prior] : [prior, next];
  const none: RangeCount = { count: 0, complete: true, lastId: null };
  const moved = order === 0 ? none : await countEntries(redis, stream, `(${from}`, to, { limit, work });
  const behind = await countBehind(redis, facts, next, { limit, work });
  const count = moved.complete ? moved.count : null;
  return {
    stream,
    group: group.group,
    prior,
    next,
    again: order < 0 ? count : 0,
    skipped: order > 0 ? count : 0,
    atLeast: moved.count,
    pending: group.pending,
    behind,
  };
}

async function countBehind(
  redis: RedisConnection,
  facts: StreamFacts,
  next: string,
  options: { limit: number; work?: Work },
): Promise<number | null> {
  const { firstId, length, lastGeneratedId, stream } = facts;
  if (firstId === null || compareStreamIds(next, firstId) < 0) return length;
  if (compareStreamIds(next, lastGeneratedId) >= 0) return 0;
  // No further than the facts go: what is added while this counts is in neither number then.
  const counted = await countEntries(redis, stream, `(${next}`, lastGeneratedId, options);
  return counted.complete ? counted.count : null;
}

/**
 * Moves a group. Redis is told how many entries it has read by then, where that is known, so that it
 * goes on reporting a lag. Returns the position that it really had.
 */
export async function resetGroup(
  redis: RedisConnection,
  plan: ResetPlan,
  facts: StreamFacts,
): Promise<string> {
  const { stream, group, next, behind } = plan;
  const known = behind !== null && facts.entriesAdded !== null;
  const read = known ? String(Math.max(0, facts.entriesAdded! - behind)) : '';
  return (await asking(redis, `move group ${group} of ${stream}`, () =>
    runScript(redis.client, setPosition, [stream], [group, next, read]),
  )) as string;
}

/**
 * Deletes a group: its position, its consumers and its pending entries list. Throws `refused` where more
 * entries are pending than may be forgotten. Returns how many were; null where the group was gone.
 */
export async function removeGroup(
  redis: RedisConnection,
  stream: string,
  group: string,
  mostPending: number,
): Promise<number | null> {
  const [outcome, pending] = (await asking(redis, `delete group ${group} of ${stream}`, () =>
    runScript(redis.client, deleteGroup, [stream], [group, mostPending]),
  )) as ['deleted' | 'pending' | 'gone', number];
  if (outcome === 'gone') return null;
  if (outcome === 'deleted') return pending;
  throw pendingRefused(stream, group, pending);
}

/** The refusal to delete a group with pending entries. */
export function pendingRefused(stream: string, group: string, pending: number): QctlError {
  return new QctlError(
    'refused',
    `group ${group} of ${stream} has ${pending} ${plural(pending, 'pending entry')}`,
    {
      code: 'GROUP_PENDING',
      hint: [
        'they were delivered and never acknowledged; without the group nobody knows of them any more',
        `'qctl pending ${shellWord(stream)} ${shellWord(group)}' shows them; --force deletes the group with them`,
      ],
      details: { stream, group, pending },
    },
  );
}
