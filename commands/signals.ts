import { writeSync } from 'node:fs';
import { exitCodeOfSignal } from './exit-codes.ts';

/** The signals that end a run in an orderly way. */
export type StopSignal = 'SIGINT' | 'SIGTERM';

/** What {@link watchSignals} needs; tests give an emitter and a recorder. */
export interface SignalHost {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  off(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  exit(code: number): void;
  /** Must reach stderr before the process is gone, hence synchronous. */
  writeError(text: string): void;
}

/** The two phases of stopping. */
export interface SignalWatch {
  /** Aborted by the first signal, the reason being its name: finish the batch, then return. */
  readonly signal: AbortSignal;
  /** Aborted by the second signal, at once before the process exits. */
  readonly hardSignal: AbortSignal;
  /** The first signal, where one has come. */
  readonly received: StopSignal | undefined;
  /** As if the signal had come, without a word: a prompt in raw mode sees Ctrl-C as a key. */
  deliver(signal: StopSignal): void;
  dispose(): void;
}

/**
 * Watches SIGINT and SIGTERM until disposed of.
 *
 * @param firstText what the first signal says; undefined says nothing
 * @param hardText what the second signal says, such as which messages may be repeated
 */
export function watchSignals(
  host: SignalHost,
  firstText: () => string | undefined,
  hardText: () => string | undefined,
): SignalWatch {
  const soft = new AbortController();
  const hard = new AbortController();
  const receive = (signal: StopSignal) => {
    if (!soft.signal.aborted) {
      say(host, firstText());
      return soft.abort(signal);
    }
    hard.abort(signal);
    say(host, hardText());
    host.exit(exitCodeOfSignal(signal));
  };
  host.on('SIGINT', receive);
  host.on('SIGTERM', receive);
  return {
    signal: soft.signal,
    hardSignal: hard.signal,
    get received() {
      return soft.signal.reason as StopSignal | undefined;
    },
    deliver: (signal) => soft.abort(signal),
    dispose() {
      host.off('SIGINT', receive);
      host.off('SIGTERM', receive);
    },
  };
}

function say(host: SignalHost, text: string | undefined): void {
  if (text) host.writeError(`${text.trimEnd()}\n`);
}

// Column one, and the rest of the line cleared: the moving line of the progress stands there.
const FRESH_LINE = '\r\x1b[K';

/**
 * The running process as a {@link SignalHost}.
 *
 * @param isTTY whether stderr is a terminal
 */
export function processSignals(isTTY: boolean): SignalHost {
  return {
    on: (signal, listener) => process.on(signal, listener),
    off: (signal, listener) => process.off(signal, listener),
    exit: (code) => process.exit(code),
    writeError(text) {
      try {
        writeSync(2, isTTY ? FRESH_LINE + text : text);
      } catch {
        // stderr is gone; stopping matters more than saying so.
      }
    },
  };
}
