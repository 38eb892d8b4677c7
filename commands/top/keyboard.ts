import type { Io } from '../term/io.ts';
import { type Key, KeyReader } from './keys.ts';

/** So long a lone Escape waits for the rest of a sequence: over a slow line it comes in pieces. */
const ESCAPE_MS = 50;
const CONTROLS: Record<Key, NodeJS.Signals> = {
  'ctrl-c': 'SIGINT',
  'ctrl-z': 'SIGTSTP',
  'ctrl-\\': 'SIGQUIT',
};

/** What {@link Keyboard} tells. */
export interface KeyListener {
  key(key: Key): void;
  /** There is nobody any more who could press one. */
  gone(): void;
}

/** The keys of a terminal one by one. It is raw only between {@link take} and {@link give}. */
export class Keyboard {
  readonly #stdin: Io['stdin'];
  readonly #listener: KeyListener;
  readonly #reader = new KeyReader();
  #timer: NodeJS.Timeout | undefined;

  constructor(stdin: Io['stdin'], listener: KeyListener) {
    this.#stdin = stdin;
    this.#listener = listener;
  }

  /** Nothing where there are no keys: stdin may be a file. */
  take(): void {
    const { isTTY, stream } = this.#stdin;
    if (!isTTY) return;
    stream.on('data', this.#read).on('end', this.#gone).on('error', this.#gone);
    stream.setRawMode(true);
    stream.resume();
  }

  /** May be called twice. */
  give(): void {
    const { isTTY, stream } = this.#stdin;
    if (!isTTY) return;
    clearTimeout(this.#timer);
    stream.off('data', this.#read).off('end', this.#gone);
    stream.pause();
    // The terminal may be gone: what then fails has nobody to be told.
    if (!stream.destroyed) stream.setRawMode(false);
  }

  readonly #read = (chunk: Buffer): void => {
    clearTimeout(this.#timer);
    this.#tell(this.#reader.read(chunk));
    if (this.#reader.waits) this.#timer = setTimeout(() => this.#tell(this.#reader.flush()), ESCAPE_MS);
  };

  readonly #gone = (): void => this.#listener.gone();

  #tell(keys: readonly Key[]): void {
    for (const key of keys) {
      const signal = CONTROLS[key];
      // As the terminal does when it is not raw: all processes of the job get it.
      if (signal) process.kill(0, signal);
      else this.#listener.key(key);
    }
  }
}
