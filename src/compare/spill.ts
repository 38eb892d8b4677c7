import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QctlError } from '../errors.ts';

const CHUNK_BYTES = 1 << 16;
/** Chunks grow with their part: most comparisons are small. */
const FIRST_CHUNK_BYTES = 1 << 10;

/** Whole records, in memory or in the file. */
type Chunk = { whole: Buffer; bytes: Buffer } | { at: number; length: number };

interface Part {
  chunks: Chunk[];
  current: Buffer | undefined;
  used: number;
  bytes: number;
}

/**
 * Packed records of one side, in parts: in memory up to a limit, beyond it in one temporary file. The file
 * has no name any more once it is open, so that it is gone with the process, whatever ends that.
 */
export class Spill {
  readonly #folder: string;
  readonly #limit: number;
  readonly #parts: Part[];
  /** Chunks whose content is in the file: taken again, so that memory does not go to pieces. */
  readonly #free: Buffer[] = [];
  #inMemory = 0;
  #file: FileHandle | undefined;
  #fileBytes = 0;

  constructor(parts: number, limitBytes: number, folder: string | undefined) {
    this.#limit = limitBytes;
    this.#folder = folder ?? tmpdir();
    this.#parts = Array.from({ length: parts }, () => ({
      chunks: [],
      current: undefined,
      used: 0,
      bytes: 0,
    }));
  }

  /** True once {@link settle} should be called. */
  get isOver(): boolean {
    return this.#inMemory > this.#limit;
  }

  /** How many bytes of records a part has. */
  bytesOf(part: number): number {
    return this.#parts[part]!.bytes;
  }

  add(partAt: number, record: Buffer): void {
    const part = this.#parts[partAt]!;
    part.bytes += record.length;
    if (!part.current || part.used + record.length > part.current.length) {
      this.#close(part);
      part.current = this.#newChunk(part, record.length);
      part.used = 0;
    }
    record.copy(part.current, part.used);
    part.used += record.length;
  }

  #newChunk(part: Part, needed: number): Buffer {
    const size = Math.min(CHUNK_BYTES, Math.max(FIRST_CHUNK_BYTES, part.bytes));
    const free = needed <= CHUNK_BYTES && size === CHUNK_BYTES ? this.#free.pop() : undefined;
    return free ?? Buffer.allocUnsafeSlow(Math.max(size, needed));
  }

  #close(part: Part): void {
    if (!part.current || part.used === 0) return;
    part.chunks.push({ whole: part.current, bytes: part.current.subarray(0, part.used) });
    this.#inMemory += part.used;
    part.current = undefined;
  }

  /** Brings to the file what is whole in memory. */
  async settle(): Promise<void> {
    try {
      this.#file ??= await nameless(this.#folder);
      for (const part of this.#parts)
        for (const [at, chunk] of part.chunks.entries()) await this.#move(part, at, chunk);
    } catch (cause) {
      throw cannotSpill(this.#folder, cause);
    }
    this.#inMemory = 0;
  }

  async #move(part: Part, index: number, chunk: Chunk): Promise<void> {
    if (!('bytes' in chunk)) return;
    const at = this.#fileBytes;
    const { length } = chunk.bytes;
    // Unlike a single write this goes on where the disk has taken a part of it.
    for (let done = 0; done < length; ) {
      const { bytesWritten } = await this.#file!.write(chunk.bytes, done, length - done, at + done);
      done += bytesWritten;
    }
    this.#fileBytes += length;
    if (chunk.whole.length === CHUNK_BYTES) this.#free.push(chunk.whole);
    part.chunks[index] = { at, length };
  }

  /** All records of a part, in the order in which they came. */
  async load(partAt: number): Promise<Buffer> {
    const part = this.#parts[partAt]!;
    this.#close(part);
    // In one piece: small ones that live as long as this would leave holes in the memory.
    const bytes = Buffer.allocUnsafeSlow(part.bytes);
    let end = 0;
    for (const chunk of part.chunks) end += await this.#fetch(chunk, bytes, end);
    return bytes;
  }

  /** The same in pieces of whole records, each of which is overwritten by the next. */
  async *pieces(partAt: number): AsyncGenerator<Buffer> {
    const part = this.#parts[partAt]!;
    this.#close(part);
    let room = Buffer.alloc(0);
    for (const chunk of part.chunks) {
      const length = 'bytes' in chunk ? chunk.bytes.length : chunk.length;
      if (room.length < length) room = Buffer.allocUnsafeSlow(length);
      yield room.subarray(0, await this.#fetch(chunk, room, 0));
    }
  }

  /** Returns how many bytes it has put there. */
  async #fetch(chunk: Chunk, to: Buffer, from: number): Promise<number> {
    if ('bytes' in chunk) return chunk.bytes.copy(to, from);
    const { at, length } = chunk;
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#file!.read(to, from + done, length - done, at + done);
      if (bytesRead === 0) throw new Error('a temporary file became shorter');
      done += bytesRead;
    }
    return length;
  }

  /** Gives up the memory of a part that is not needed any more. */
  drop(partAt: number): void {
    const part = this.#parts[partAt]!;
    part.chunks = [];
    part.current = undefined;
  }

  async close(): Promise<void> {
    this.#parts.length = 0;
    this.#free.length = 0;
    await this.#file?.close();
    this.#file = undefined;
  }
}

/** For this user alone, and not to be found by its name any more. */
async function nameless(folder: string): Promise<FileHandle> {
  const own = await mkdtemp(join(folder, 'qctl-compare-'));
  try {
    return await open(join(own, 'records'), 'wx+', 0o600);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

function cannotSpill(folder: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === undefined) return cause;
  return new QctlError('failed', `cannot keep records in ${folder} while they are compared: ${code}`, {
    code: 'COMPARE_SPILL_FAILED',
    hint: ['make room there, or name another folder with TMPDIR'],
    details: { folder },
    cause,
  });
}
