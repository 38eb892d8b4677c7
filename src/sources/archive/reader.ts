import type { Batch } from '../../model/batch.ts';
import type { Message } from '../../model/message.ts';
import type { LaneReader, LaneRecord, Pause, Recovery } from '../source.ts';

export interface ArchiveReaderOptions {
  lane: number;
  /** Messages that one append writes, and about how many bytes. */
  batchMessages: number;
  batchBytes: number;
  /** All messages, each once, from the first. */
  read(): AsyncGenerator<Message>;
}

/** Messages before the batch, and up to its end. */
interface Position {
  from: number;
  to: number;
}

const BATCHES_A_UNIT = 10;

/**
 * Reads an archive from its beginning; the position travels with the messages, in the same step. Of
 * several partitions some may have a batch that others lack after a crash: then the same messages are
 * handed out again under the same token, and those that have it pass.
 */
export class ArchiveReader implements LaneReader {
  private readonly options: ArchiveReaderOptions;
  private messages: AsyncGenerator<Message> | undefined;
  private ahead: Message | undefined;
  private position = 0;
  private redo: Position | undefined;
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
    const newest = records.reduce((best, record) =>
      Number(record.token) > Number(best.token) ? record : best,
    );
    this.sequence = Number(newest.token || 0);
    const reached: Position = newest.note ? JSON.parse(newest.note) : { from: 0, to: 0 };
    const complete = records.every((record) => record.token === newest.token);
    this.redo = complete ? undefined : reached;
    await this.moveTo(complete ? reached.to : reached.from);
    return [];
  }

  private async moveTo(position: number): Promise<void> {
    this.messages = this.options.read();
    this.left = 0;
    for (this.position = 0; this.position < position; this.position += 1) await this.messages.next();
    await this.lookAhead();
  }

  async read(limit: number): Promise<Batch | Pause> {
    const { redo } = this;
    this.redo = undefined;
    if (redo) return this.take(redo.to - redo.from, Number.POSITIVE_INFINITY);
    if (!this.ahead) return { done: true };
    if (this.ended()) {
      this.batches = 0;
      this.left = limit;
    }
    this.sequence += 1;
    this.batches += 1;
    const batch = await this.take(Math.min(this.left, this.options.batchMessages), this.options.batchBytes);
    this.left -= batch.count;
    return batch;
  }

  private async take(count: number, most: number): Promise<Batch> {
    const from = this.position;
    const messages: Message[] = [];
    let bytes = 0;
    while (this.ahead && messages.length < count && bytes < most) {
      messages.push(this.ahead);
      bytes += this.ahead.body?.length ?? 0;
      await this.lookAhead();
    }
    this.position += messages.length;
    const note: Position = { from, to: this.position };
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
        note: JSON.stringify(note),
        keepIds: false,
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
