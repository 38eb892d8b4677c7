import type { Io, Output } from '../../commands/term/io.ts';

/** An output that keeps what is written, as a terminal or as a pipe. */
export interface MemoryOutput extends Output {
  readonly text: string;
}

export interface MemoryIo extends Io {
  readonly stdout: MemoryOutput;
  readonly stderr: MemoryOutput;
}

export interface MemoryIoOptions {
  /** Width of the terminal that all three streams are; without it they are pipes. */
  columns?: number;
  colour?: boolean;
  ci?: boolean;
}

/** Streams for a test: no columns is a pipe. */
export function memoryIo({ columns, colour = false, ci = false }: MemoryIoOptions = {}): MemoryIo {
  const isTTY = columns !== undefined;
  const output = () => memoryOutput(isTTY, columns, colour);
  return { stdin: { isTTY, stream: process.stdin }, stdout: output(), stderr: output(), ci };
}

function memoryOutput(isTTY: boolean, columns: number | undefined, colour: boolean): MemoryOutput {
  const written: string[] = [];
  return {
    isTTY,
    columns: columns ?? Number.POSITIVE_INFINITY,
    colour,
    closed: false,
    failure: undefined,
    stream: process.stdout,
    write: (text) => void written.push(text),
    get text() {
      return written.join('');
    },
  };
}
