import type { ReadRecord, SideReader, Unreadable } from './inputs/reader.ts';
import { pack, partOf } from './packed.ts';
import type { Rules } from './rules.ts';
import type { Sample } from './sample.ts';
import { Spill } from './spill.ts';
import { SpreadMeter } from './spread.ts';
import { timeText } from './times.ts';
import type { SideName, SideReport } from './types.ts';

/** Records are kept in so many parts, and compared part by part. */
export const PARTS = 64;

/** How one side is taken in. */
export interface IntakeOptions {
  side: SideName;
  reader: SideReader;
  rules: Rules;
  sample: Sample;
  sideBytes: number;
  folder: string | undefined;
}

/** Reads one side to its end into a spill, and keeps what only a look at each record can tell. */
export class Intake {
  readonly spill: Spill;
  readonly reader: SideReader;
  records = 0;
  readonly #options: IntakeOptions;
  readonly #latency = new SpreadMeter();
  #unreadable = 0;
  #timed = 0;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.reader = options.reader;
    this.spill = new Spill(PARTS, options.sideBytes, options.folder);
  }

  /** Is told now and then how far it has come. */
  async takeAll(signal: AbortSignal, told: () => void): Promise<void> {
    for await (const some of this.reader.read()) {
      for (const one of some) this.#take(one);
      if (this.spill.isOver) await this.spill.settle();
      told();
      if (signal.aborted) return;
    }
  }

  #take(one: ReadRecord | Unreadable): void {
    this.records += 1;
    const { rules } = this.#options;
    const key = 'problem' in one ? null : rules.keyOf(one.value);
    if ('problem' in one || key === null) {
      this.#refuse(one.position, 'problem' in one ? one.problem : 'it has no key');
      return;
    }
    const timeMs = rules.timeOf(one.value, one.timeMs);
    this.#measure(timeMs, rules.startedOf?.(one.value) ?? null);
    const { position, text } = one;
    const isError = rules.saysError(one.value);
    this.spill.add(partOf(key, PARTS, 0), pack({ key, position, timeMs, isError, text }));
  }

  #refuse(position: string, why: string): void {
    this.#unreadable += 1;
    const { side, sample } = this.#options;
    if (side === 'old2') return;
    sample.add({ outcome: 'unreadable', key: null, old: null, new: null, why, [side]: position });
  }

  #measure(timeMs: number | null, startedMs: number | null): void {
    if (timeMs === null) return;
    this.#timed += 1;
    this.#firstMs = Math.min(this.#firstMs, timeMs);
    this.#lastMs = Math.max(this.#lastMs, timeMs);
    if (startedMs !== null) this.#latency.add(timeMs - startedMs);
  }

  report({ keys, duplicate, duplicateKeys, duplicateDiffering }: KeyCounts): SideReport {
    const spanMs = this.#lastMs - this.#firstMs;
    const known = this.#timed > 0;
    return {
      input: this.reader.label,
      records: this.records,
      keys,
      duplicate,
      duplicateKeys,
      duplicateDiffering,
      unreadable: this.#unreadable,
      firstAt: timeText(known ? this.#firstMs : null),
      lastAt: timeText(known ? this.#lastMs : null),
      perSecond: known && spanMs > 0 ? (this.#timed / spanMs) * 1000 : null,
      latencyMs: this.#latency.spread(),
    };
  }
}

/** What is known of a side once its keys were put together. */
export type KeyCounts = Pick<SideReport, 'keys' | 'duplicate' | 'duplicateKeys' | 'duplicateDiffering'>;
