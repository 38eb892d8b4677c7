import { type RedisConnection, runScript, runScriptBuffer } from '../backends/redis/index.ts';
import { holdWaiting } from '../backends/redis/scripts/hold-waiting.ts';
import { takeWaiting } from '../backends/redis/scripts/take-waiting.ts';
import { waitingPage } from '../backends/redis/scripts/waiting-page.ts';
import type { Field } from '../model/entry.ts';
import { streamKeys } from '../model/keys.ts';
import { rowFields } from '../model/packed.ts';
import { page, type Work } from './work.ts';

const PAGE = 500;
const PAGE_BYTES = 2 * 1024 * 1024;

/** A message that waits for a stream. */
export interface WaitingMessage {
  /** Names it among those that wait for the stream. */
  member: string;
  run: string;
  /** Its id in the source. */
  id: string;
  /** Ms since 1970. */
  dueMs: number;
  /** As it will stand in the stream; null where its content is gone. */
  fields: Field[] | null;
}

/** `free`: those that are moved when they are due; `held`: those that somebody has in hand. */
export type WaitingWhere = 'free' | 'held';

/**
 * All messages that wait for a stream, by due time, page by page: some thousand bytes or one message at a
 * time. What is put aside or moved meanwhile may be seen or not.
 */
export async function* waitingMessages(
  redis: RedisConnection,
  stream: string,
  work: Work,
  where: WaitingWhere = 'free',
): AsyncGenerator<WaitingMessage[]> {
  const keys = streamKeys(stream);
  const names = [where === 'free' ? keys.delayed : keys.delayedHeld, keys.delayedEntries];
  let at: [due: string, member: string] = ['', ''];
  for (;;) {
    const args = [...at, PAGE, PAGE_BYTES, '', 'fields', '', ''];
    const [, ended, , , member, due, ...found] = (await page(
      redis,
      work,
      `look at what waits for stream ${stream}`,
      () => runScriptBuffer(redis.client, waitingPage, names, args),
    )) as [Buffer, number, Buffer, Buffer, Buffer, Buffer, ...Buffer[]];
    if (found.length > 0) yield messagesOf(found);
    if (ended === 1) return;
    at = [due.toString(), member.toString()];
  }
}

/**
 * Takes messages in hand, so that nobody moves them into the stream meanwhile; they still count as waiting,
 * and are found again as `held` after a crash. Returns those that were still there: the others have been
 * moved. May be repeated, and then returns less.
 */
export function holdMessages(
  redis: RedisConnection,
  stream: string,
  members: readonly string[],
  work: Work,
): Promise<string[]> {
  const { delayed, delayedHeld } = streamKeys(stream);
  return change(redis, work, `hold what waits for stream ${stream}`, [delayed, delayedHeld], members);
}

/** Gives back what {@link holdMessages} has taken: it is moved when it is due. */
export function releaseMessages(
  redis: RedisConnection,
  stream: string,
  members: readonly string[],
  work: Work,
): Promise<string[]> {
  const { delayed, delayedHeld } = streamKeys(stream);
  return change(redis, work, `give back what waits for stream ${stream}`, [delayedHeld, delayed], members);
}

/**
 * Removes held messages for good, once they are safe elsewhere, and counts them as taken. Returns those that
 * were still there.
 */
export async function removeHeldMessages(
  redis: RedisConnection,
  stream: string,
  members: readonly string[],
  work: Work,
): Promise<string[]> {
  const keys = streamKeys(stream);
  const names = [keys.delayedHeld, keys.delayedEntries, keys.delayedCounts];
  return (await page(redis, work, `remove what waited for stream ${stream}`, () =>
    runScript(redis.client, takeWaiting, names, [...members]),
  )) as string[];
}

async function change(
  redis: RedisConnection,
  work: Work,
  doing: string,
  names: string[],
  members: readonly string[],
): Promise<string[]> {
  return (await page(redis, work, doing, () =>
    runScript(redis.client, holdWaiting, names, [...members]),
  )) as string[];
}

function messagesOf(found: Buffer[]): WaitingMessage[] {
  const messages: WaitingMessage[] = [];
  for (let i = 0; i < found.length; i += 3) {
    const member = found[i]!.toString();
    const [, run = '', id = ''] = /^\d+:([^:]*):(.*)$/s.exec(member) ?? [];
    messages.push({ member, run, id, dueMs: Number(found[i + 1]), fields: fieldsOf(found[i + 2]!) });
  }
  return messages;
}

function fieldsOf(packed: Buffer): Field[] | null {
  if (packed.length === 0) return null;
  const values = rowFields({ names: [], data: packed, offsets: [0, packed.length] }, 0);
  const fields: Field[] = [];
  for (let i = 0; i < values.length; i += 2) fields.push([values[i]!, values[i + 1]!]);
  return fields;
}
