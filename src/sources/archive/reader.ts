import type { Batch } from '../../model/batch.ts';
import type { Message } from '../../model/message.ts';
import { type Keyset, type Stage, stagesOf, type Way, waysBetween } from '../catch-up.ts';
import type { LaneReader, LaneRecord, Pause, Recovery } from '../source.ts';

export interface ArchiveReaderOptions {
  lane: number;
  /** Messages that one append writes, and about how many bytes. */
  batchMessages: number;
  batchBytes: number;
  /** All messages, each once, from the first. */
  read(): AsyncGenerator<Message>;
}

const BATCHES_A_UNIT = 10;

/**
 * Reads an archive from its beginning; how many messages have been read travels with them, in the same
 * step. After a crash or a failover partitions may stand at different positions: then what lies between
 * is handed out again for those behind it alone.
 */
export class ArchiveReader implements LaneReader {
  readonly keepsAll = true;
  private readonly options: ArchiveReaderOptions;
  private messages: AsyncGenerator<Message> | undefined;
  private ahead: Message | undefined;
  private position = 0;
  private ways: Way[] = [];
  private sequence = 0;
  private batches = 0;
  /** Messages that the unit at hand may still take. */
  private left = 0;
  private fence = '';

  constructor(options: ArchiveReaderOptions) {
    this.options = options;
  }

  async recover(records: LaneRecord[], fence: string): Promise<Recovery[]> {
    await this.rollback();
    this.fence = fence;
    this.sequence = Math.max(this.sequence, ...records.map(({ token }) => Number(token || 0)));
    const stages = stagesOf(records).sort((a: Stage, b: Stage) => placeOf(a.at) - placeOf(b.at));
    this.ways = waysBetween(stages);
    await this.moveTo(placeOf(stages[0]!.at));
    return [];
  }

  private async moveTo(position: number): Promise<void> {
    this.messages = this.options.read();
    this.left = 0;
    for (this.position = 0; this.position < position; this.position += 1) await this.messages.next();
    await this.lookAhead();
  }

  async read(limit: number): Promise<Batch | Pause> {
    if (!this.ahead) return { done: true };
    if (this.ended()) {
      this.batches = 0;
      this.left = limit;
    }
    this.batches += 1;
    const [way] = this.ways;
    const most = way ? placeOf(way.to) - this.position : Number.POSITIVE_INFINITY;
    const batch = await this.take(Math.min(this.left, this.options.batchMessages, most), way?.partitions);
    this.left -= batch.count;
    if (way && this.position === placeOf(way.to)) this.ways.shift();
    return batch;
  }

  private async take(count: number, partitions: number[] | undefined): Promise<Batch> {
    const from = this.position;
    const messages: Message[] = [];
    let bytes = 0;
    while (this.ahead && messages.length < count && bytes < this.options.batchBytes) {
      messages.push(this.ahead);
      bytes += this.ahead.body?.length ?? 0;
      await this.lookAhead();
    }
    this.position += messages.length;
    this.sequence += 1;
    return {
      count: messages.length,
      bytes,
      rows: null,
      messages: () => messages,
      mark: {
        kind: 'lane',
        lane: this.options.lane,
        fence: this.fence,
        token: String(this.sequence),
        note: JSON.stringify({ from: [String(from)], to: [String(this.position)] }),
        keepIds: false,
        partitions,
      },
    };
  }

  private async lookAhead(): Promise<void> {
    const next = await this.messages!.next();
    this.ahead = next.done ? undefined : next.value;
  }

  unitEnds(): Promise<boolean> {
    return Promise.resolve(this.ended());
  }

  private ended(): boolean {
    return !this.ahead || this.left === 0 || this.batches === BATCHES_A_UNIT;
  }

  /** The file stays as it is: there is nothing to let go of. */
  settle(): Promise<void> {
    return Promise.resolve();
  }

  async rollback(): Promise<void> {
    await this.messages?.return(undefined);
    this.messages = undefined;
  }

  close(): Promise<void> {
    return this.rollback();
  }
}

/** Messages before a position. */
function placeOf(at: Keyset): number {
  return at === null ? 0 : Number(at[0]);
}
