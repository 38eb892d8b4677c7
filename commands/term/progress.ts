import type { OutputFormat } from '../flags.ts';
import type { Io } from './io.ts';
import { formatNdjson } from './ndjson.ts';
import { printable } from './text.ts';

/** What a running command tells about itself, on stderr; with `-o ndjson` as events on stdout. */
export interface Progress {
  /** Replaces the moving line. The event is what `-o ndjson` prints, as `{"type":"progress",…}`. */
  update(line: string, event?: object): void;
  /** A line that stays. */
  note(line: string): void;
  /** Takes the moving line away until the next update. */
  hide(): void;
  /** Takes the moving line away; call it before the result is printed. May be called twice. */
  stop(): void;
}

/** How a {@link Progress} behaves. `context.options` gives both; the intervals are for tests. */
export interface ProgressOptions {
  quiet: boolean;
  /** The format of the result. */
  output: OutputFormat;
  now?: () => number;
}

const PLAIN_INTERVAL_MS = 10_000;
const EVENT_INTERVAL_MS = 1000;

/** The progress that fits the streams: a spinner on a terminal, a line now and then in a log, else nothing. */
export function createProgress(io: Io, options: ProgressOptions): Progress {
  if (options.quiet)
    return { update: () => undefined, note: () => undefined, hide: () => undefined, stop: () => undefined };
  if (options.output === 'ndjson') return eventProgress(io, options.now ?? Date.now);
  if (canMove(io)) return spinnerProgress(io);
  return plainProgress(io, options.now ?? Date.now);
}

/** A terminal that does not know its width (some containers say 0) cannot redraw a line: ora would never end. */
function canMove({ stderr, ci }: Io): boolean {
  return stderr.isTTY && !ci && stderr.stream.columns > 0;
}

/** The first event and the last are always printed, those between at most one a second. */
function eventProgress(io: Io, now: () => number): Progress {
  let last = Number.NEGATIVE_INFINITY;
  let pending: object | undefined;
  const print = (event: object) => {
    io.stdout.write(formatNdjson({ type: 'progress', ...event }));
    pending = undefined;
    last = now();
  };
  return {
    update(_line, event) {
      if (!event) return;
      pending = event;
      if (now() - last >= EVENT_INTERVAL_MS) print(event);
    },
    note: (line) => writeNote(io, line),
    hide: () => undefined,
    stop: () => (pending ? print(pending) : undefined),
  };
}

/** The first line at once, so that the log shows a start; then one every ten seconds. */
function plainProgress(io: Io, now: () => number): Progress {
  let last = Number.NEGATIVE_INFINITY;
  return {
    update(line) {
      if (now() - last < PLAIN_INTERVAL_MS) return;
      last = now();
      writeNote(io, line);
    },
    note: (line) => writeNote(io, line),
    hide: () => undefined,
    stop: () => undefined,
  };
}

/** Forwards to the spinner once its library is loaded; what is said before that is kept. */
function spinnerProgress(io: Io): Progress {
  let spinner: Progress | undefined;
  let line: string | undefined;
  let shown = false;
  let stopped = false;
  const load = async () => {
    const { createSpinner } = await import('./spinner.ts');
    if (stopped) return;
    spinner = createSpinner(io);
    if (line !== undefined && shown) spinner.update(line);
  };
  return {
    update(text) {
      if (line === undefined) void load();
      line = text;
      shown = true;
      spinner?.update(text);
    },
    note: (text) => (spinner ? spinner.note(text) : writeNote(io, text)),
    hide() {
      shown = false;
      spinner?.hide();
    },
    stop() {
      stopped = true;
      spinner?.stop();
    },
  };
}

function writeNote(io: Io, line: string): void {
  io.stderr.write(`${printable(line)}\n`);
}
