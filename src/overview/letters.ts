import type { RedisConnection } from '../backends/redis/index.ts';
import { bytesToJson, type Field } from '../model/entry.ts';
import { compareStreamIds } from '../model/stream-id.ts';
import {
  chooseDeadLetters,
  type DeadLetter,
  type DeadLetterStream,
  lookPatiently,
  originalFields,
  readWhole,
  resolveDeadLetters,
  type StreamFacts,
  startOfNewest,
  type Work,
} from '../streams/index.ts';
import { workOf } from './details.ts';
import type { OverviewDoors } from './doors.ts';
import type { OpenedLetter } from './overview.ts';

/** Of a letter that is opened. */
const MOST_FIELD_BYTES = 1024 * 1024;
/** In a list. */
const LISTED_FIELD_BYTES = 1024;
const LISTED_LETTER_BYTES = 64 * 1024;
const MOST_LISTED = 1000;

/** The newest dead letters of one stream or of all its partitions, the newest first. */
export async function newestLetters(
  doors: OverviewDoors,
  stream: string,
  count: number,
  signal: AbortSignal,
): Promise<OpenedLetter[]> {
  const { redis, dead, work } = await deadOf(doors, stream, signal);
  const looks = await Promise.all(dead.map(({ stream: name }) => lookPatiently(redis, name, work)));
  const facts = looks.filter((one) => one !== undefined);
  const wanted = Math.min(count, MOST_LISTED);
  const starts = await startOfNewest(redis, facts, wanted, work);
  const letters = (
    await Promise.all(dead.map((one) => from(redis, one, starts.get(one.stream), facts, wanted, work)))
  ).flat();
  const newest = letters.sort((a, b) => compareStreamIds(b.id, a.id)).slice(0, wanted);
  const whole = await readWhole(redis, newest.filter(isSmall), work);
  const fields = new Map(whole.map((letter) => [keyOf(letter), letter.fields]));
  return newest.map((letter) => opened(letter, fields.get(keyOf(letter)) ?? [], LISTED_FIELD_BYTES));
}

/** One dead letter. Undefined where there is none of that id. */
export async function oneLetter(
  doors: OverviewDoors,
  stream: string,
  id: string,
  signal: AbortSignal,
): Promise<OpenedLetter | undefined> {
  const { redis, dead, work } = await deadOf(doors, stream, signal);
  for (const one of dead) {
    const pages = chooseDeadLetters(redis, one, { filter: {}, ids: [id] }, id, work);
    for await (const { letters } of pages)
      for (const letter of await readWhole(redis, letters, work))
        return opened(letter, letter.fields, MOST_FIELD_BYTES);
  }
  return undefined;
}

async function deadOf(
  doors: OverviewDoors,
  stream: string,
  signal: AbortSignal,
): Promise<{ redis: RedisConnection; dead: DeadLetterStream[]; work: Work }> {
  const [redis, { streams }] = await Promise.all([doors.redis(), doors.config()]);
  return { redis, dead: await resolveDeadLetters(redis, streams, stream), work: workOf(signal) };
}

async function from(
  redis: RedisConnection,
  dead: DeadLetterStream,
  start: string | undefined,
  facts: readonly StreamFacts[],
  count: number,
  work: Work,
): Promise<DeadLetter[]> {
  const bound = facts.find(({ stream }) => stream === dead.stream)?.lastGeneratedId;
  if (start === undefined || bound === undefined) return [];
  const filter = { since: { kind: 'id' as const, id: start } };
  const found: DeadLetter[] = [];
  for await (const { letters } of chooseDeadLetters(redis, dead, { filter, limit: count }, bound, work))
    found.push(...letters);
  return found;
}

function isSmall({ payloadBytes }: DeadLetter): boolean {
  return payloadBytes <= LISTED_LETTER_BYTES;
}

function keyOf({ stream, id }: DeadLetter): string {
  return `${id} ${stream}`;
}

function opened(letter: DeadLetter, all: readonly Field[], mostBytes: number): OpenedLetter {
  const { stream, id, payloadBytes, reason, deadAt, deliveries } = letter;
  const shown = { fields: [] as [string, string][], base64: [] as string[], cut: [] as string[] };
  const names = new Set<string>();
  for (const [rawName, value] of originalFields(all)) {
    const name = unused(names, textOf(rawName).text);
    const { text, isText } = textOf(cutTo(value, mostBytes));
    shown.fields.push([name, text]);
    if (!isText) shown.base64.push(name);
    if (value.length > mostBytes) shown.cut.push(name);
  }
  const fields = Object.fromEntries(shown.fields);
  return { stream, id, ...shown, fields, payloadBytes, reason, diedAt: deadAt, deliveries };
}

function unused(names: Set<string>, name: string): string {
  let free = name;
  for (let nth = 2; names.has(free); nth += 1) free = `${name} (${nth})`;
  names.add(free);
  return free;
}

function textOf(bytes: Buffer): { text: string; isText: boolean } {
  const json = bytesToJson(bytes);
  return typeof json === 'string' ? { text: json, isText: true } : { text: json.base64, isText: false };
}

/** Not in the middle of a character. */
function cutTo(bytes: Buffer, most: number): Buffer {
  if (bytes.length <= most) return bytes;
  let end = most;
  while (end > most - 4 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}
