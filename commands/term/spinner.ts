import ora from 'ora';
import type { Io } from './io.ts';
import type { Progress } from './progress.ts';
import { printable, truncate } from './text.ts';

const INTERVAL_MS = 250;

/** A moving line on a terminal. It redraws four times a second, and never wraps: a wrapped line cannot be cleared. */
export function createSpinner(io: Io): Progress {
  const { stderr } = io;
  const spinner = ora({
    stream: stderr.stream,
    color: stderr.colour ? 'cyan' : false,
    interval: INTERVAL_MS,
    // Ctrl-C must arrive as the signal that it is, not as a key press.
    discardStdin: false,
  });
  const cut = (line: string) => truncate(printable(line), stderr.columns - 3);
  return {
    update(line) {
      spinner.text = cut(line);
      if (!spinner.isSpinning && !stderr.closed) spinner.start();
    },
    note(line) {
      spinner.clear();
      stderr.write(`${printable(line)}\n`);
    },
    hide: () => void spinner.stop(),
    stop: () => void spinner.stop(),
  };
}
