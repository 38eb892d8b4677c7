import type { Batch } from '../../model/batch.ts';
import type { Message } from '../../model/message.ts';
import type { LaneReader, LaneRecord, Pause, Recovery } from '../source.ts';
import { readEnvelope } from './envelope.ts';
import type { Holding, Taken } from './holding.ts';
import type { Picker } from './picker.ts';
import { type HeldMessage, recoverHeld, unitOf } from './recovery.ts';

export interface CeleryReaderOptions {
  lane: number;
  holding: Holding;
  /** Lists of the queue. */
  lists: number;
  /** Messages that one append writes. */
  batch: number;
  /** Chooses among the messages, where not all of them are wanted. */
  picker?: Picker;
  /** Nobody will continue the run: what it holds is given back whatever the broker has forgotten. */
  lenient: boolean;
}

/** Nobody else is served by the broker while a unit is taken. */
const UNIT_MESSAGES = 2000;
const UNIT_BYTES = 8 * 1024 * 1024;
const APPEND_BYTES = 4 * 1024 * 1024;

/**
 * Messages are moved into lists of this run in the broker before they are appended, so that no worker sees one
 * again that stands in the stream, not even after a crash. A unit is taken, appended, settled. Of two holders
 * of the lane only the one that has opened it last can take and settle; what the other had taken is found by it.
 */
export class CeleryReader implements LaneReader {
  private readonly options: CeleryReaderOptions;
  private fence = '';
  /** Held already, and not in the target: read before anything else is taken. */
  private rest: HeldMessage[] = [];
  private settled = 0;
  /** The unit at hand: its number, what of it is not handed out yet, and how much it holds of each list. */
  private unit = '';
  private ahead: Message[] = [];
  private counts: number[] = [];
  private part = 0;

  constructor(options: CeleryReaderOptions) {
    this.options = options;
  }

  async recover(records: LaneRecord[], fence: string): Promise<Recovery[]> {
    this.fence = fence;
    const { holding, lenient } = this.options;
    const { recoveries, rest, settled } = await recoverHeld(holding, records, fence, lenient);
    this.rest = rest;
    this.settled = settled;
    return recoveries;
  }

  async read(limit: number): Promise<Batch | Pause> {
    if (this.ahead.length === 0 && !(await this.openUnit(limit))) return { done: true };
    return this.handOut();
  }

  private async openUnit(limit: number): Promise<boolean> {
    const most = Math.min(limit, UNIT_MESSAGES);
    const { holding, picker, lists } = this.options;
    this.counts = Array.from({ length: lists }, () => 0);
    this.part = 0;
    if (this.rest.length > 0) {
      this.unit = (await holding.claim(0, 0, true)).unit;
      for (const { list, message } of this.rest.splice(0, most)) this.add(list, message);
      return true;
    }
    const taken = picker ? await picker.take(most, UNIT_BYTES) : await holding.claim(most, UNIT_BYTES, false);
    this.take(taken);
    return this.ahead.length > 0;
  }

  private take({ unit, lists }: Taken): void {
    this.unit = unit;
    for (const { list, values } of lists) for (const value of values) this.add(list, readEnvelope(value));
  }

  private add(list: number, message: Message): void {
    this.ahead.push(message);
    this.counts[list]! += 1;
  }

  private handOut(): Batch {
    let bytes = 0;
    let count = 0;
    while (count < Math.min(this.options.batch, this.ahead.length) && bytes < APPEND_BYTES) {
      bytes += sizeOf(this.ahead[count]!);
      count += 1;
    }
    const messages = this.ahead.splice(0, count);
    this.part += 1;
    return {
      count,
      bytes,
      rows: null,
      messages: () => messages,
      mark: {
        kind: 'lane',
        lane: this.options.lane,
        fence: this.fence,
        token: `${this.unit}.${this.part}`,
        note: `u${this.unit}`,
        keepIds: true,
      },
    };
  }

  unitEnds(): Promise<boolean> {
    return Promise.resolve(this.ahead.length === 0);
  }

  async settle(): Promise<void> {
    await this.options.holding.settle(this.unit, this.counts);
    this.settled = unitOf({ token: this.unit });
  }

  /** Asked after {@link recover} has looked. */
  hasLetGo(note: string): Promise<boolean> {
    return Promise.resolve(Number(note.slice(1)) <= this.settled);
  }

  async release(): Promise<number> {
    this.rest = [];
    return this.options.holding.release();
  }

  rollback(): Promise<void> {
    // What is held stays: it is found again by whoever holds the lane next.
    this.ahead = [];
    this.rest = [];
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.rollback();
  }
}

function sizeOf({ body, system }: Message): number {
  return (body?.length ?? 0) + (system?.envelope?.length ?? 0);
}
