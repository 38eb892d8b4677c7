import type { Client } from 'pg';
import { type CopyToStreamQuery, to as copyTo } from 'pg-copy-streams';
import type { PackedRows } from '../../model/packed.ts';

const SIGNATURE_BYTES = 11;
/** Room for a few parts: they share it, and the garbage collector has little to do. */
const BUFFER_BYTES = 1024 * 1024;
/** What the connection may read ahead. */
const READ_AHEAD_BYTES = 1024 * 1024;

/** Rows of one COPY, cut into parts of bounded size while they arrive. */
export interface RowStream {
  /** The next part, at most `maxRows` rows and about `maxBytes`; undefined after the last. */
  next(): Promise<PackedRows | undefined>;
  /** How many rows the server says it has sent; known after the last part. */
  sent(): number;
  /** Reads to the end and throws away what comes, so that the connection can be used again. */
  discard(): Promise<void>;
}

/** Runs `COPY (query) TO STDOUT BINARY`. Backpressure reaches the server: unread rows stay there. */
export function copyRows(
  client: Client,
  query: string,
  names: string[],
  maxRows: number,
  maxBytes: number,
): RowStream {
  const stream = client.query(
    copyTo(`COPY (${query}) TO STDOUT (FORMAT binary)`, { highWaterMark: READ_AHEAD_BYTES }),
  );
  return new FlowingRows(stream, new RowCutter(names, maxRows, maxBytes));
}

/** Takes chunks as they flow, since reading them on demand would first glue them together, and stops the flow at a full part. */
class FlowingRows implements RowStream {
  private readonly stream: CopyToStreamQuery;
  private readonly cutter: RowCutter;
  private ready: PackedRows | undefined;
  private ended = false;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;

  constructor(stream: CopyToStreamQuery, cutter: RowCutter) {
    this.stream = stream;
    this.cutter = cutter;
    stream.on('data', (chunk: Buffer) => this.take(chunk));
    stream.on('end', () => {
      this.ended = true;
      this.wake();
    });
    stream.on('error', (error: Error) => {
      this.failure = error;
      this.wake();
    });
  }

  async next(): Promise<PackedRows | undefined> {
    for (;;) {
      const part = this.ready ?? this.cutter.cut();
      this.ready = undefined;
      if (part) return part;
      if (this.failure) throw this.failure;
      if (this.ended) return this.cutter.rest();
      await this.arrival();
    }
  }

  sent(): number {
    return this.stream.rowCount;
  }

  async discard(): Promise<void> {
    while (await this.next());
  }

  private take(chunk: Buffer): void {
    this.cutter.push(chunk);
    this.ready ??= this.cutter.cut();
    if (!this.ready) return;
    this.stream.pause();
    this.wake();
  }

  private arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      this.stream.resume();
    });
  }
}

/** Finds row boundaries in COPY BINARY as it arrives in chunks of any size. */
export class RowCutter {
  ended = false;
  private buffer: Buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  /** Bytes of the buffer that are filled, and how far rows have been found in it. */
  private used = 0;
  private at = -1;
  private offsets: number[] = [];
  private dense = true;
  private readonly names: string[];
  private readonly maxRows: number;
  private readonly maxBytes: number;

  constructor(names: string[], maxRows: number, maxBytes: number) {
    this.names = names;
    this.maxRows = maxRows;
    this.maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    if (this.used + chunk.length > this.buffer.length) this.moveOn(chunk.length);
    this.used += chunk.copy(this.buffer, this.used);
    if (this.at < 0) this.skipHeader();
  }

  /** Parts keep the buffer they stand in; only what belongs to none yet is copied to the next one. */
  private moveOn(room: number): void {
    const from = this.offsets[0] ?? Math.max(this.at, 0);
    const rest = this.used - from;
    const next = Buffer.allocUnsafe(Math.max(BUFFER_BYTES, (rest + room) * 2));
    this.buffer.copy(next, 0, from, this.used);
    this.buffer = next;
    this.used = rest;
    if (this.at >= 0) this.at -= from;
    this.offsets = this.offsets.map((offset) => offset - from);
  }

  /** A full part, or undefined where more must arrive first. */
  cut(): PackedRows | undefined {
    if (this.at < 0 || this.ended) return undefined;
    const { buffer, used } = this;
    for (;;) {
      const start = this.at;
      if (
        this.offsets.length > this.maxRows ||
        (this.offsets.length > 1 && start - this.offsets[0]! >= this.maxBytes)
      )
        return this.take();
      if (start + 2 > used) return undefined;
      const fields = buffer.readInt16BE(start);
      if (fields < 0) {
        this.ended = true;
        return undefined;
      }
      let at = start + 2;
      let dense = fields === this.names.length;
      for (let i = 0; i < fields; i += 1) {
        if (at + 4 > used) return undefined;
        const length = buffer.readInt32BE(at);
        at += length > 0 ? 4 + length : 4;
        if (length < 0) dense = false;
      }
      if (at > used) return undefined;
      if (this.offsets.length === 0) this.offsets.push(start);
      this.offsets.push(at);
      this.dense &&= dense;
      this.at = at;
    }
  }

  /** What is left at the end; undefined where nothing is. */
  rest(): PackedRows | undefined {
    return this.offsets.length > 1 ? this.take() : undefined;
  }

  private take(): PackedRows {
    const first = this.offsets[0]!;
    const part = {
      names: this.names,
      data: this.buffer.subarray(first, this.at),
      offsets: this.offsets.map((offset) => offset - first),
      dense: this.dense,
    };
    this.offsets = [];
    this.dense = true;
    return part;
  }

  private skipHeader(): void {
    const fixed = SIGNATURE_BYTES + 8;
    if (this.used < fixed) return;
    const extension = this.buffer.readUInt32BE(SIGNATURE_BYTES + 4);
    if (this.used >= fixed + extension) this.at = fixed + extension;
  }
}
