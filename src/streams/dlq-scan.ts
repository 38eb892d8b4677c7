import { type RedisConnection, runScriptBuffer } from '../backends/redis/index.ts';
import { peekPage } from '../backends/redis/scripts/peek-page.ts';
import { compareStreamIds } from '../model/stream-id.ts';
import type { DeadLetterStream } from './dead-letters.ts';
import { type DeadLetterChoice, firstIdToLookAt, lastIdToLookAt, matchesFilter } from './dlq-filter.ts';
import {
  type DeadLetter,
  type LetterReader,
  letterReader,
  MOST_VALUE_BYTES,
  type PeekRow,
} from './dlq-letter.ts';
import { page, type Work } from './work.ts';

/** Redis looks at no more than this in one go, some milliseconds. */
const PAGE = { entries: 1000, bytes: 4_000_000 };
/** Chosen ids that are looked up at the same time. */
const IDS_AT_ONCE = 20;

/** A few dead letters of one stream, in the order of their ids. */
export interface DeadLetterPage {
  /** Entries looked at, those included that the filter leaves out. */
  seen: number;
  letters: DeadLetter[];
}

/**
 * Goes through the dead letters that are chosen, without their bodies and page by page, so that memory
 * stays the same. Every page comes, also one without any that is chosen. Throws `Interrupted` or the
 * signal's reason where the operator stops it.
 *
 * @param bound the last id to look at
 */
export async function* chooseDeadLetters(
  redis: RedisConnection,
  dead: DeadLetterStream,
  { filter, ids, limit = Number.POSITIVE_INFINITY }: DeadLetterChoice,
  bound: string,
  work: Work,
): AsyncGenerator<DeadLetterPage> {
  const pages = ids
    ? byId(redis, dead, ids, bound, work)
    : byRange(redis, dead, { from: firstIdToLookAt(filter), to: lastIdToLookAt(filter, bound) }, work);
  let left = limit;
  for await (const { seen, letters } of pages) {
    const matching = letters.filter((letter) => matchesFilter(filter, letter, dead.home)).slice(0, left);
    left -= matching.length;
    yield { seen, letters: matching };
    if (left <= 0) return;
  }
}

async function* byRange(
  redis: RedisConnection,
  dead: DeadLetterStream,
  { from, to }: { from: string; to: string },
  work: Work,
): AsyncGenerator<DeadLetterPage> {
  const reader = letterReader(dead);
  let cursor = from;
  for (let done = false; !done; ) {
    const peeked = await peek(redis, dead, reader, { from: cursor, to, size: PAGE.entries }, work);
    if (peeked.seen > 0) yield peeked;
    cursor = `(${peeked.lastId}`;
    done = peeked.done;
  }
}

async function* byId(
  redis: RedisConnection,
  dead: DeadLetterStream,
  ids: readonly string[],
  bound: string,
  work: Work,
): AsyncGenerator<DeadLetterPage> {
  const reader = letterReader(dead);
  const wanted = [...new Set(ids)].filter((id) => compareStreamIds(id, bound) <= 0).sort(compareStreamIds);
  for (let at = 0; at < wanted.length; at += IDS_AT_ONCE) {
    const found = await Promise.all(
      wanted
        .slice(at, at + IDS_AT_ONCE)
        .map((id) => peek(redis, dead, reader, { from: id, to: id, size: 1 }, work)),
    );
    const letters = found.flatMap((one) => one.letters);
    yield { seen: letters.length, letters };
  }
}

interface Peeked extends DeadLetterPage {
  lastId: string;
  done: boolean;
}

async function peek(
  redis: RedisConnection,
  dead: DeadLetterStream,
  { names, read }: LetterReader,
  { from, to, size }: { from: string; to: string; size: number },
  work: Work,
): Promise<Peeked> {
  work.signal.throwIfAborted();
  const { own, others } = names;
  const args = [from, to, size, PAGE.bytes, MOST_VALUE_BYTES, own.length, ...own, ...others];
  const reply = (await page(redis, work, `look at the dead letters of ${dead.stream}`, () =>
    runScriptBuffer(redis.client, peekPage, [dead.stream], args),
  )) as [number, Buffer, number, PeekRow[]];
  const [seen, lastId, done, rows] = reply;
  return {
    seen,
    lastId: lastId.toString(),
    done: done === 1,
    letters: rows.map(read),
  };
}
