import { Cleaners } from './cleaners.ts';
import type { Io } from './term/io.ts';

/** Where an action prints, and what is to be closed after it. */
interface Scope {
  io: Io;
  cleaners: Cleaners;
}

/** The run of the binary, and within it one turn after the other of an action that is repeated. */
export class Scopes {
  /** What is closed at the very end, whatever turn is on. */
  readonly whole: Cleaners = new Cleaners();
  readonly #whole: Scope;
  readonly #isVerbose: () => boolean;
  #scope: Scope;

  /** @param isVerbose whether failures to close are told */
  constructor(io: Io, isVerbose: () => boolean) {
    this.#whole = { io, cleaners: this.whole };
    this.#scope = this.#whole;
    this.#isVerbose = isVerbose;
  }

  get io(): Io {
    return this.#scope.io;
  }

  /** Runs `clean` at the end of the turn that is on. */
  onCleanup(clean: () => unknown): void {
    this.#scope.cleaners.add(clean);
  }

  /** Does `work` in a turn of its own, and closes what it has left. */
  async turn<T>(io: Io, work: () => Promise<T>): Promise<T> {
    const own = { io, cleaners: new Cleaners() };
    this.#scope = own;
    try {
      return await work();
    } finally {
      await this.#clean(own);
      this.#scope = this.#whole;
    }
  }

  async cleanUp(): Promise<void> {
    await this.#clean(this.#scope);
    await this.#clean(this.#whole);
  }

  #clean({ cleaners }: Scope): Promise<void> {
    return cleaners.run((error) => {
      if (this.#isVerbose()) this.io.stderr.write(`qctl: while closing: ${String(error)}\n`);
    });
  }
}
