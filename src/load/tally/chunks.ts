import { CHUNK_SIZE, Chunk } from './chunk.ts';

/** The chunks of messages that somebody still waits for. */
export class Chunks {
  readonly #groups: number;
  readonly #open = new Map<number, Chunk>();

  constructor(groups: number) {
    this.#groups = groups;
  }

  /** Undefined: all messages of it are settled, or none was planned yet. */
  of(seq: number): Chunk | undefined {
    return this.#open.get(Math.floor(seq / CHUNK_SIZE));
  }

  /** As {@link Chunks.of}, made where there is none. */
  make(seq: number): Chunk {
    const known = this.of(seq);
    if (known) return known;
    const chunk = new Chunk(this.#groups);
    this.#open.set(Math.floor(seq / CHUNK_SIZE), chunk);
    return chunk;
  }

  /** Gives it up where nobody waits for any message of it. */
  release(seq: number, chunk: Chunk): void {
    if (chunk.open === 0) this.#open.delete(Math.floor(seq / CHUNK_SIZE));
  }
}
