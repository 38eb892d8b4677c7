import type { RedisConnection } from '../../../backends/redis/index.ts';
import { Line } from '../line.ts';
import type { Calls } from './calls.ts';
import { encodeCall } from './encode.ts';
import { Pipe } from './pipe.ts';
import { ValueReader } from './value-reader.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Calls past the client library: with hundreds of consumers in one process what the library does for each call is more
 * than all else. Calls of one turn of the event loop leave in one write.
 */
export class CallPipe implements Calls {
  readonly #pipe: Pipe;
  readonly #waiting = new Line<Waiting>();
  #unwritten: Buffer[] = [];

  /** @param connection of one server, of its own: it is closed with the pipe */
  constructor(connection: RedisConnection) {
    this.#pipe = new Pipe(connection, {
      reader: () => this.#newReader(),
      lost: () => this.#lost(),
      up: () => undefined,
    });
  }

  call(command: string, ...words: readonly (string | number | Buffer)[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this.#pipe.up) return reject(closed());
      this.#waiting.push({ resolve, reject });
      if (this.#unwritten.length === 0) writeSoon(this);
      this.#unwritten.push(encodeCall([command, ...words]));
    });
  }

  cut(): void {
    this.#pipe.cut();
  }

  async close(): Promise<void> {
    this.#lost();
    await this.#pipe.close();
  }

  #newReader(): { read(piece: Buffer): void } {
    const reader = new ValueReader((value) => this.#answered(value));
    return {
      read: (piece) => {
        try {
          reader.read(piece);
        } catch {
          // What is no reply leaves nothing that later ones could be told from.
          this.#pipe.cut();
        }
      },
    };
  }

  /** Writes what was called since the last time. */
  flush(): void {
    const [first, ...others] = this.#unwritten;
    this.#unwritten = [];
    if (first) this.#pipe.write(others.length === 0 ? first : Buffer.concat([first, ...others]));
  }

  #answered(value: unknown): void {
    const [call] = this.#waiting.take(1);
    if (value instanceof Error) call?.reject(value);
    else call?.resolve(value);
    // After a failover the old primary: connecting again finds the new one.
    if (value instanceof Error && value.message.startsWith('READONLY ')) this.#pipe.cut();
  }

  #lost(): void {
    this.#unwritten = [];
    for (const { reject } of this.#waiting.take(Infinity)) reject(closed());
  }
}

let full: CallPipe[] = [];

/** Once what happens now has made its calls; for all pipes together. */
function writeSoon(pipe: CallPipe): void {
  if (full.length === 0) void Promise.resolve().then(writeAll);
  full.push(pipe);
}

function writeAll(): void {
  const pipes = full;
  full = [];
  for (const pipe of pipes) pipe.flush();
}

/** What the client library says then. */
function closed(): Error {
  return new Error('Connection is closed.');
}
