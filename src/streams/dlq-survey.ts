import type { RedisConnection } from '../backends/redis/index.ts';
import type { DeadLetterStream } from './dead-letters.ts';
import { lookPatiently } from './dlq-facts.ts';
import type { DeadLetterChoice } from './dlq-filter.ts';
import type { DeadLetter } from './dlq-letter.ts';
import { chooseDeadLetters } from './dlq-scan.ts';
import type { Work } from './work.ts';

/** What of one dead-letter stream is chosen. Nothing that dies after the survey is meant. */
export interface ChosenShare {
  dead: DeadLetterStream;
  /** Dead letters in the stream, whatever is chosen. */
  entries: number;
  chosen: number;
  /** Names and values of the original entries. */
  payloadBytes: number;
  /** The last one that is chosen; null where none is. */
  lastId: string | null;
  /** RFC 3339; null where none is chosen, or nobody knows when it died. */
  oldestDeadAt: string | null;
  newestDeadAt: string | null;
}

/** What is chosen in all. */
export interface Survey {
  shares: ChosenShare[];
  chosen: number;
  /** Of the ids asked for: in none of the streams, or left out by the filter. */
  missingIds: string[];
}

/** Called while it looks. */
export interface SurveyEvents {
  /** For each letter that is chosen. */
  letter?(dead: DeadLetterStream, letter: DeadLetter): void;
  /** After each page, with the entries looked at so far. */
  progress?(seen: number): void;
}

/** Finds out what is chosen, and up to where; changes nothing. Limits count over all streams together. */
export async function surveyDeadLetters(
  redis: RedisConnection,
  streams: readonly DeadLetterStream[],
  choice: DeadLetterChoice,
  work: Work,
  events: SurveyEvents = {},
): Promise<Survey> {
  const survey: Survey = { shares: [], chosen: 0, missingIds: [] };
  const found = new Set<string>();
  let seen = 0;
  for (const dead of streams) {
    const facts = await lookPatiently(redis, dead.stream, work);
    const share = emptyShare(dead, facts?.length ?? 0);
    survey.shares.push(share);
    const limit = choice.limit === undefined ? undefined : choice.limit - survey.chosen;
    if (!facts || limit === 0) continue;
    for await (const page of chooseDeadLetters(
      redis,
      dead,
      { ...choice, limit },
      facts.lastGeneratedId,
      work,
    )) {
      seen += page.seen;
      for (const letter of page.letters) {
        add(share, letter);
        if (choice.ids) found.add(letter.id);
        events.letter?.(dead, letter);
      }
      events.progress?.(seen);
    }
    survey.chosen += share.chosen;
  }
  // Behind the limit nobody has looked.
  const all = survey.chosen < (choice.limit ?? Number.POSITIVE_INFINITY) ? (choice.ids ?? []) : [];
  survey.missingIds = [...new Set(all)].filter((id) => !found.has(id));
  return survey;
}

function emptyShare(dead: DeadLetterStream, entries: number): ChosenShare {
  return {
    dead,
    entries,
    chosen: 0,
    payloadBytes: 0,
    lastId: null,
    oldestDeadAt: null,
    newestDeadAt: null,
  };
}

function add(share: ChosenShare, { id, deadAt, payloadBytes }: DeadLetter): void {
  share.chosen += 1;
  share.payloadBytes += payloadBytes;
  share.lastId = id;
  if (deadAt === null) return;
  const ms = Date.parse(deadAt);
  if (share.oldestDeadAt === null || ms < Date.parse(share.oldestDeadAt)) share.oldestDeadAt = deadAt;
  if (share.newestDeadAt === null || ms > Date.parse(share.newestDeadAt)) share.newestDeadAt = deadAt;
}
