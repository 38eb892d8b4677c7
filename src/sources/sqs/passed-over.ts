import type { Unevaluated } from '../source.ts';
import type { Received } from './receiver.ts';
import type { Select, Unwanted } from './selection.ts';
import { changeVisibility, type Handed, type Queue } from './visibility.ts';

/** SQS lets about 120,000 messages be in flight; this many may be passed over, and the rest is for the work. */
export const MOST_PASSED_OVER = 100_000;
const LANES = 8;
const BATCH = 10;
const ATTEMPTS = 4;
const AGAIN_MS = 100;

export interface PassedOverOptions extends Queue {
  select: Select;
  fifo: boolean;
  /** How long a message stays invisible; renewed at half of it. After a kill -9 it comes back by itself. */
  holdSeconds: number;
  /** Receives after which SQS moves a message to the dead-letter queue; null: never. */
  maxReceiveCount: number | null;
  /** Default: 100,000. */
  most?: number;
}

/** How many messages stay in the queue, and why. */
export type PassedOverCounts = Record<Unwanted, number>;

interface Kept extends Handed {
  why: Unwanted;
  renewAt: number;
  /** Received as often as SQS allows: its next receive makes a dead letter of it. */
  spent: boolean;
}

/**
 * The messages that a run has received and does not want. They are kept invisible, so that they are
 * not received again and again, and given back at the end. Only id and receipt handle are remembered.
 */
export class PassedOver {
  private readonly options: PassedOverOptions;
  private readonly kept = new Map<string, Kept>();
  private readonly blocked = new Set<string>();
  private readonly timer: NodeJS.Timeout;
  private renewing: Promise<void> | undefined;
  private released = false;
  /** Messages that were put here so far, those that came twice counted twice. */
  received = 0;
  /** Those of which the selection could say nothing; null where there are none. */
  unevaluated: Unevaluated | null = null;

  constructor(options: PassedOverOptions) {
    this.options = options;
    this.timer = setInterval(() => this.renew(), Math.min(1000, (options.holdSeconds * 1000) / 8));
    this.timer.unref();
  }

  get size(): number {
    return this.kept.size;
  }

  /** Whether no more can be kept invisible. */
  get full(): boolean {
    return this.kept.size >= (this.options.most ?? MOST_PASSED_OVER);
  }

  /** FIFO groups of which SQS hands out nothing more, because one of their messages is kept here. */
  get groups(): number {
    return this.blocked.size;
  }

  get counts(): PassedOverCounts {
    const counts: PassedOverCounts = { filter: 0, types: 0, unevaluated: 0, later: 0, behind: 0 };
    for (const { why } of this.kept.values()) counts[why] += 1;
    return counts;
  }

  /** Messages that have been received as often as SQS allows: the next receive makes dead letters of them. */
  get spent(): number {
    return [...this.kept.values()].filter(({ spent }) => spent).length;
  }

  /** Keeps what is not wanted, and returns the rest. */
  async sift(received: Received[]): Promise<Received[]> {
    const wanted: Received[] = [];
    const unwanted: Kept[] = [];
    for (const one of received) {
      const why = this.judge(one);
      if (why === undefined) wanted.push(one);
      else unwanted.push(this.keep(one, why));
    }
    if (unwanted.length > 0) await this.hide(unwanted).catch(() => undefined);
    return wanted;
  }

  /** Makes everything visible again. Returns how many come back only when their time is over. */
  async release(): Promise<number> {
    if (this.released) return 0;
    this.released = true;
    clearInterval(this.timer);
    await this.renewing;
    let late = 0;
    await this.inParts([...this.kept.values()], async (part) => {
      late += await this.giveBack(part);
    });
    return late;
  }

  private judge({ message }: Received): Unwanted | undefined {
    const { fifo, select } = this.options;
    const why = select(message);
    if (!fifo || message.key === undefined) return why;
    if (why !== undefined) this.blocked.add(message.key);
    return why ?? (this.blocked.has(message.key) ? 'behind' : undefined);
  }

  private keep({ handed, message }: Received, why: Unwanted): Kept {
    const { maxReceiveCount, holdSeconds } = this.options;
    const kept: Kept = {
      MessageId: handed.MessageId,
      ReceiptHandle: handed.ReceiptHandle,
      why,
      renewAt: performance.now() + holdSeconds * 500,
      spent: maxReceiveCount !== null && (message.attempts ?? 1) >= maxReceiveCount,
    };
    this.received += 1;
    if (why === 'unevaluated' && !this.kept.has(message.id)) this.noteUnevaluated(message.id);
    this.kept.set(message.id, kept);
    return kept;
  }

  private noteUnevaluated(id: string): void {
    const { count, example } = this.unevaluated ?? { count: 0, example: id };
    this.unevaluated = { count: count + 1, example };
  }

  private renew(): void {
    if (this.renewing || this.released) return;
    const due = [...this.kept.values()].filter(({ renewAt }) => renewAt <= performance.now());
    if (due.length === 0) return;
    this.renewing = this.inParts(due, (part) => this.hide(part))
      .catch(() => undefined)
      .finally(() => {
        this.renewing = undefined;
      });
  }

  /** What SQS refuses is visible again, or will be soon: then it is received once more and comes back here. */
  private async hide(messages: Kept[]): Promise<void> {
    const until = performance.now() + this.options.holdSeconds * 500;
    await this.stubbornly(() => changeVisibility(this.options, messages, this.options.holdSeconds));
    for (const message of messages) message.renewAt = until;
  }

  private async giveBack(messages: Kept[]): Promise<number> {
    try {
      await this.stubbornly(() => changeVisibility(this.options, messages, 0));
      return 0;
    } catch {
      return messages.length;
    }
  }

  private async stubbornly<T>(action: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await action();
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS * 2 ** attempt));
      }
    }
  }

  private async inParts(messages: Kept[], action: (part: Kept[]) => Promise<void>): Promise<void> {
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let at = next; at < messages.length; at = next) {
        next += BATCH;
        await action(messages.slice(at, at + BATCH));
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }
}
