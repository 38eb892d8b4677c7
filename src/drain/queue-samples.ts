import { leftWithout } from './source-watch.ts';

/** One look at a queue, and at what the run had done just before and just after it. */
export interface QueueSample {
  atMs: number;
  visible: number;
  inFlight: number;
  delayed: number;
  /** Of the messages in flight, those that the processes of this run hold. */
  holding: number;
  settledBefore: number;
  carriedAfter: number;
}

/** What the looks at a queue show, as far as it can be shown. */
export interface QueueVerdict {
  /** Messages that left the queue without the run, at least and about; 0: none beyond the margin. */
  left: number;
  /** Whether nearly all of them left at once, and nearly nothing remained. */
  atOnce: boolean;
  /** The most that others held at a time. */
  heldByOthers: number;
}

/** SQS's counts are approximate. */
const MARGIN_SHARE = 0.01;
const MARGIN_LEAST = 5;
/** What lasts for so many looks is no flicker of the counts. */
const LASTING = 3;
/** Fewer in flight than a receive brings are not worth a word. */
const BATCH = 10;
const NEARLY = 0.8;
const MOST = 0.5;
const NOTHING = 0.1;

/** Judges looks one after the other, in little memory. */
export class QueueSamples {
  private first: QueueSample | undefined;
  private readonly recent: { left: number; total: number; others: number }[] = [];
  private worst: QueueVerdict = { left: 0, atOnce: false, heldByOthers: 0 };

  /** What the queue held when it was last looked at. */
  get total(): number {
    return this.recent.at(-1)?.total ?? 0;
  }

  get verdict(): QueueVerdict {
    return this.worst;
  }

  /** Forgets what the queue held: it is another one now. */
  restart(): void {
    this.first = undefined;
    this.recent.length = 0;
  }

  /** Takes a look into account. `last`: it was made after everything had come to rest. */
  add(sample: QueueSample, last = false): void {
    this.first ??= sample;
    const total = totalOf(sample);
    const left = Math.max(0, leftSince(this.first, sample));
    const others = othersIn(sample);
    this.recent.push({ left, total, others });
    if (this.recent.length > 2 * LASTING) this.recent.shift();
    this.judge(last);
  }

  private judge(last: boolean): void {
    const newest = this.recent.at(-1)!;
    const lasting = this.recent.slice(-LASTING);
    const proven = last || lasting.length === LASTING;
    if (!proven) return;
    const left = last ? newest.left : Math.min(...lasting.map((look) => look.left));
    const others = Math.min(...lasting.map((look) => look.others));
    this.worst.heldByOthers = Math.max(this.worst.heldByOthers, others);
    const margin = Math.max(MARGIN_LEAST, MARGIN_SHARE * totalOf(this.first!));
    if (left <= margin || left <= this.worst.left) return;
    this.worst.left = left;
    this.worst.atOnce ||= this.recent.some((look, at) => at > 0 && emptied(this.recent[at - 1]!, look, left));
  }
}

/** Whether, between two looks, most of the queue and nearly all that left it without the run went away. */
function emptied(
  before: { left: number; total: number },
  after: { left: number; total: number },
  left: number,
): boolean {
  const jump = after.left - before.left;
  return jump >= NEARLY * left && jump >= MOST * before.total && after.total <= NOTHING * before.total;
}

function totalOf({ visible, inFlight, delayed }: QueueSample): number {
  return visible + inFlight + delayed;
}

function leftSince(first: QueueSample, now: QueueSample): number {
  return leftWithout(
    { held: totalOf(first), settled: first.settledBefore },
    { held: totalOf(now), carried: now.carriedAfter },
  );
}

/** In flight and not ours; the two numbers are not of the same instant, so that a batch each may be missed. */
function othersIn({ inFlight, holding }: QueueSample): number {
  const others = inFlight - holding;
  return others > Math.max(BATCH, holding) ? others : 0;
}
