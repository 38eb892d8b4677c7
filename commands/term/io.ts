import { decideColour } from './colour-decision.ts';

/** One output stream as the terminal code sees it. */
export interface Output {
  readonly isTTY: boolean;
  /** Width of the terminal in columns; Infinity where it is none. */
  readonly columns: number;
  /** Height of the terminal in lines; Infinity where it is none. */
  readonly rows: number;
  readonly colour: boolean;
  /** True once the reader has gone away: what is written then is dropped. */
  readonly closed: boolean;
  /** Why writing failed, where it was not for a reader that went away: a full disk. */
  readonly failure: Error | undefined;
  readonly stream: NodeJS.WriteStream;
  write(text: string): void;
}

/** The three streams and what is known about them. */
export interface Io {
  readonly stdin: { readonly isTTY: boolean; readonly stream: NodeJS.ReadStream };
  readonly stdout: Output;
  readonly stderr: Output;
  /** In CI nobody looks at a moving line. */
  readonly ci: boolean;
}

/** What {@link createIo} needs of a process. */
export interface IoSource {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  env: Record<string, string | undefined>;
  noColour: boolean;
  /** Called once, when the reader of stdout has gone away (`| head -1`). */
  onStdoutClosed?: () => void;
}

/** Wraps the process's streams. Colour is judged for each stream apart: `qctl … | less` keeps a coloured stderr. */
export function createIo(source: IoSource): Io {
  const { stdin, env } = source;
  return {
    stdin: { isTTY: stdin.isTTY === true, stream: stdin },
    stdout: createOutput(source.stdout, source, source.onStdoutClosed),
    stderr: createOutput(source.stderr, source),
    ci: isCi(env),
  };
}

const GONE = new Set(['EPIPE', 'ECONNRESET', 'EOF', 'ERR_STREAM_DESTROYED']);

function createOutput(stream: NodeJS.WriteStream, source: IoSource, onClosed?: () => void): Output {
  const isTTY = stream.isTTY === true;
  const colour = decideColour({ env: source.env, noColour: source.noColour, isTTY });
  let closed = false;
  let failure: Error | undefined;
  // Without a handler Node ends the process with a stack trace when the reader goes away.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (closed) return;
    closed = true;
    if (GONE.has(error.code ?? '')) onClosed?.();
    else failure = error;
  });
  return {
    isTTY,
    colour,
    stream,
    get columns() {
      return isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY;
    },
    get rows() {
      return isTTY ? stream.rows || 24 : Number.POSITIVE_INFINITY;
    },
    get closed() {
      return closed;
    },
    get failure() {
      return failure;
    },
    write(text) {
      if (!closed) stream.write(text);
    },
  };
}

function isCi(env: Record<string, string | undefined>): boolean {
  return env.CI !== undefined && env.CI !== '' && env.CI !== '0' && env.CI !== 'false';
}
