import type { Message } from '../../model/message.ts';
import { type CelerySource, type QueuedMessage, readPart } from '../../sources/celery/index.ts';

/** So many are read one by one; of a larger queue a part, in pieces from everywhere in it. */
const MOST = 20_000;
const MOST_BYTES = 64 * 1024 * 1024;
const PIECE = 200;
/** What a forecast gets to see. */
const KEPT = 500;
const KEPT_BYTES = 8 * 1024 * 1024;

/** What the messages of one task, or of all, are like. */
export interface TaskTally {
  seen: number;
  scheduled: number;
  expired: number;
  /** Sum of retries, and how many messages count them. */
  retries: number;
  counted: number;
}

/** What a look into a queue has found. */
export interface Survey {
  /** False where only a part of the queue was read. */
  whole: boolean;
  /** Messages in the queue, and in the part that was read. */
  total: number;
  all: TaskTally;
  /** Null: messages without a task. */
  tasks: Map<string | null, TaskTally>;
  bodyBytes: number[];
  bytes: number;
  /** What is no envelope of kombu's. */
  unfit: number;
  pickled: number;
  /** Parts of a group, a chain or a chord. */
  linked: number;
  /** Some of them, as a drain would read them. */
  sample: Message[];
}

/** Reads a queue, or pieces of a large one. Takes nothing. */
export async function survey(source: CelerySource, nowMs: number): Promise<Survey> {
  const lengths = await source.lengths();
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const average = (await source.averageBytes()) ?? 0;
  const most = Math.min(MOST, Math.max(PIECE, Math.floor(MOST_BYTES / Math.max(1, average))));
  const found: Survey = {
    ...{ whole: total <= most, total, all: newTally(), tasks: new Map(), bodyBytes: [], bytes: 0 },
    ...{ unfit: 0, pickled: 0, linked: 0, sample: [] },
  };
  let kept = 0;
  for (const [list, length] of lengths.entries()) {
    const wanted = found.whole ? length : Math.ceil((most * length) / total);
    for (const from of piecesOf(length, wanted)) {
      const page = await readPart(source.broker, source.keys.lists[list]!, list, from, PIECE);
      for (const one of page) {
        note(found, one, nowMs);
        kept += one.bytes;
        if (found.sample.length < KEPT && kept <= KEPT_BYTES) found.sample.push(one.message);
      }
    }
  }
  return found;
}

/** Where to read: one piece after the other, or with the same gaps between. */
function piecesOf(length: number, wanted: number): number[] {
  const count = Math.ceil(Math.min(length, wanted) / PIECE);
  const step = Math.max(PIECE, Math.floor(length / Math.max(1, count)));
  return Array.from({ length: count }, (_, piece) => piece * step);
}

function note(found: Survey, { message, bytes }: QueuedMessage, nowMs: number): void {
  found.bytes += bytes;
  found.bodyBytes.push(message.body?.length ?? 0);
  if (message.unfit !== undefined) found.unfit += 1;
  if (/python-serialize/.test(textOf(message, 'content_type'))) found.pickled += 1;
  if (isLinked(message)) found.linked += 1;
  const key = message.type ?? null;
  const own = found.tasks.get(key) ?? newTally();
  found.tasks.set(key, own);
  for (const tally of [found.all, own]) count(tally, message, nowMs);
}

function count(tally: TaskTally, message: Message, nowMs: number): void {
  tally.seen += 1;
  if (message.notBefore !== undefined && Date.parse(message.notBefore) > nowMs) tally.scheduled += 1;
  if (Date.parse(textOf(message, 'expires')) <= nowMs) tally.expired += 1;
  if (message.attempts === undefined) return;
  tally.retries += message.attempts;
  tally.counted += 1;
}

/** What comes after the task stands in the third part of its body: `[args, kwargs, embed]`. */
function isLinked(message: Message): boolean {
  if (message.attributes?.group) return true;
  if (!message.body || !/"(chain|chord|callbacks|errbacks)": ?[^n ]/.test(message.body.toString('latin1')))
    return false;
  try {
    const [, , embed] = JSON.parse(message.body.toString('utf8')) as [
      unknown,
      unknown,
      Record<string, unknown>?,
    ];
    return Object.values(embed ?? {}).some((value) => value !== null);
  } catch {
    return false;
  }
}

function textOf({ attributes }: Message, name: string): string {
  return String(attributes?.[name]?.value ?? '');
}

function newTally(): TaskTally {
  return { seen: 0, scheduled: 0, expired: 0, retries: 0, counted: 0 };
}
