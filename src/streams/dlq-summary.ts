import type { RedisConnection } from '../backends/redis/index.ts';
import type { DeadLetterStream } from './dead-letters.ts';
import { lookPatiently } from './dlq-facts.ts';
import { type DeadLetter, deadLetterAgeMs } from './dlq-letter.ts';
import { chooseDeadLetters } from './dlq-scan.ts';
import type { Work } from './work.ts';

/** How many dead letters are how old, since they died. */
export interface DeadLetterAges {
  underHour: number;
  underDay: number;
  underWeek: number;
  older: number;
  /** Made by others, with ids that are no times. */
  unknown: number;
}

/** Dead letters in one number. */
export interface DeadLetterCount {
  entries: number;
  ages: DeadLetterAges;
  /** Null where there is none, or nobody knows when they died. */
  oldestAgeMs: number | null;
  newestAgeMs: number | null;
}

/** The dead letters of one reason. */
export interface ReasonCount extends DeadLetterCount {
  /** Null where none is noted, and for the rest. */
  reason: string | null;
  /** Above 0 for the rest: so many rare reasons are put together. */
  otherReasons: number;
  /** Of the dead letters of this stream, 0 to 1. */
  share: number;
}

/** What lies in one dead-letter stream. */
export interface DeadLetterSummary extends DeadLetterCount {
  /** The dead-letter stream. */
  stream: string;
  /** The most frequent first, the rest last. */
  reasons: ReasonCount[];
  /** False where there were too many different reasons to count each: some counts are too low then. */
  exactReasons: boolean;
}

/** How {@link summariseDeadLetters} counts. */
export interface SummaryOptions {
  /** So many reasons are shown apart; the others go together. */
  reasons: number;
  /** Called after each page with the entries of this stream counted so far, and how many there are. */
  progress?: (seen: number, entries: number) => void;
}

/** Reasons may hold ids or times and be different each: no more than this are kept apart at a time. */
const MOST_REASONS = 10_000;

/** Counts the dead letters of one stream by reason and age, in bounded memory; an empty one has 0. */
export async function summariseDeadLetters(
  redis: RedisConnection,
  dead: DeadLetterStream,
  { reasons, progress }: SummaryOptions,
  work: Work,
): Promise<DeadLetterSummary> {
  const tally = new Tally();
  const facts = await lookPatiently(redis, dead.stream, work);
  if (facts && facts.length > 0) {
    const { timeMs, length, lastGeneratedId } = facts;
    let seen = 0;
    for await (const page of chooseDeadLetters(redis, dead, { filter: {} }, lastGeneratedId, work)) {
      for (const letter of page.letters) tally.add(letter, deadLetterAgeMs(letter, timeMs));
      seen += page.seen;
      progress?.(seen, Math.max(seen, length));
    }
  }
  return tally.summary(dead.stream, reasons);
}

class Tally {
  readonly #all = emptyCount();
  readonly #byReason = new Map<string | null, DeadLetterCount>();
  readonly #others = emptyCount();
  #folded = 0;

  add(letter: DeadLetter, ageMs: number | null): void {
    addTo(this.#all, ageMs);
    let count = this.#byReason.get(letter.reason);
    if (!count) {
      if (this.#byReason.size >= MOST_REASONS) this.#fold();
      count = emptyCount();
      this.#byReason.set(letter.reason, count);
    }
    addTo(count, ageMs);
  }

  /** Puts the rarer half together, so that there is room again. */
  #fold(): void {
    for (const [reason, count] of this.#sorted().slice(MOST_REASONS / 2)) {
      merge(this.#others, count);
      this.#byReason.delete(reason);
      this.#folded += 1;
    }
  }

  #sorted(): [string | null, DeadLetterCount][] {
    return [...this.#byReason].sort(
      ([a, one], [b, other]) => other.entries - one.entries || ((a ?? '') < (b ?? '') ? -1 : 1),
    );
  }

  summary(stream: string, most: number): DeadLetterSummary {
    const { entries } = this.#all;
    const sorted = this.#sorted();
    const rest = sorted.slice(most);
    for (const [, count] of rest) merge(this.#others, count);
    const share = (count: DeadLetterCount): number => count.entries / entries;
    const reasons: ReasonCount[] = sorted
      .slice(0, most)
      .map(([reason, count]) => ({ reason, otherReasons: 0, share: share(count), ...count }));
    const otherReasons = rest.length + this.#folded;
    if (otherReasons > 0)
      reasons.push({ reason: null, otherReasons, share: share(this.#others), ...this.#others });
    return { stream, ...this.#all, reasons, exactReasons: this.#folded === 0 };
  }
}

const HOUR_MS = 3_600_000;

function addTo(count: DeadLetterCount, ageMs: number | null): void {
  count.entries += 1;
  count.ages[bucketOf(ageMs)] += 1;
  if (ageMs === null) return;
  count.oldestAgeMs = Math.max(count.oldestAgeMs ?? 0, ageMs);
  count.newestAgeMs = Math.min(count.newestAgeMs ?? Number.POSITIVE_INFINITY, ageMs);
}

function bucketOf(ageMs: number | null): keyof DeadLetterAges {
  if (ageMs === null) return 'unknown';
  if (ageMs < HOUR_MS) return 'underHour';
  if (ageMs < 24 * HOUR_MS) return 'underDay';
  return ageMs < 168 * HOUR_MS ? 'underWeek' : 'older';
}

function merge(into: DeadLetterCount, from: DeadLetterCount): void {
  into.entries += from.entries;
  for (const name of Object.keys(into.ages) as (keyof DeadLetterAges)[]) into.ages[name] += from.ages[name];
  if (from.oldestAgeMs === null) return;
  into.oldestAgeMs = Math.max(into.oldestAgeMs ?? 0, from.oldestAgeMs);
  into.newestAgeMs = Math.min(into.newestAgeMs ?? Number.POSITIVE_INFINITY, from.newestAgeMs!);
}

function emptyCount(): DeadLetterCount {
  return {
    entries: 0,
    ages: { underHour: 0, underDay: 0, underWeek: 0, older: 0, unknown: 0 },
    oldestAgeMs: null,
    newestAgeMs: null,
  };
}
