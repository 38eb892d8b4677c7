import { closeSync, existsSync, openSync, readSync } from 'node:fs';

/** An event as the collector has noted it. */
export interface Produced {
  id: string;
  namespace: string;
  category: string;
  side: 'old' | 'new';
  /** What of the route has decided. */
  rule: string;
  copied: boolean;
  /** What the router was told of the load. */
  load: number | null;
  /** Ms since 1970. */
  at: number;
}

const CHUNK_BYTES = 1 << 16;

/** The collector's notes, read on from where they were. */
export class Notes {
  private readonly file: string;
  private readonly known: Produced[] = [];
  private offset = 0;
  private rest = '';

  constructor(file: string) {
    this.file = file;
  }

  /** All that there are by now. */
  read(): readonly Produced[] {
    if (!existsSync(this.file)) return this.known;
    const handle = openSync(this.file, 'r');
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const bytes = readSync(handle, chunk, 0, CHUNK_BYTES, this.offset);
      if (bytes === 0) break;
      this.offset += bytes;
      // All that is in it is ASCII: no character is cut in two.
      const lines = (this.rest + chunk.toString('latin1', 0, bytes)).split('\n');
      this.rest = lines.pop()!;
      for (const line of lines) this.known.push(JSON.parse(line));
    }
    closeSync(handle);
    return this.known;
  }
}
