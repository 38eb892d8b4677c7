import { PassThrough } from 'node:stream';
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
  /** Height of that terminal; default 24. */
  rows?: number;
  colour?: boolean;
  ci?: boolean;
}

/** Streams for a test: no columns is a pipe. */
export function memoryIo({ columns, rows = 24, colour = false, ci = false }: MemoryIoOptions = {}): MemoryIo {
  const isTTY = columns !== undefined;
  const output = () => memoryOutput({ columns, rows, colour });
  return { stdin: { isTTY, stream: process.stdin }, stdout: output(), stderr: output(), ci };
}

function memoryOutput({
  columns,
  rows,
  colour,
}: Required<Pick<MemoryIoOptions, 'rows' | 'colour'>> & { columns?: number }): MemoryOutput {
  const written: string[] = [];
  const isTTY = columns !== undefined;
  return {
    isTTY,
    columns: columns ?? Number.POSITIVE_INFINITY,
    rows: isTTY ? rows : Number.POSITIVE_INFINITY,
    colour,
    closed: false,
    failure: undefined,
    stream: new PassThrough() as unknown as NodeJS.WriteStream,
    write: (text) => void written.push(text),
    get text() {
      return written.join('');
    },
  };
}
