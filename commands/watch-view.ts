import type { Context } from './context.ts';
import { type CapturedOutput, captureOutput } from './term/capture.ts';
import { composeFrame } from './term/frame.ts';
import type { Io } from './term/io.ts';
import { Screen, type ScreenHost } from './term/screen.ts';
import { truncate, wrapLines } from './term/text.ts';

/** What one run of an action has printed. */
export interface Frame {
  /** What the action is to print to. */
  io: Io;
  stdout: CapturedOutput;
  /** Absent where stderr is written to as always. */
  stderr?: CapturedOutput;
  /** When the run began. */
  at: Date;
}

/** How the frames of `--watch` are shown. */
export interface View {
  newFrame(at: Date): Frame;
  show(frame: Frame): void;
  /** Gives the terminal back. */
  close(): void;
}

/** The view that fits: redrawn in place on a terminal, else appended. Lines of JSON are never cut, hence appended. */
export function openView({ io, options, env }: Context, title: string, host?: ScreenHost): View {
  if (options.output === 'ndjson') return appendingView(io, () => '');
  const canRedraw = io.stdout.isTTY && !io.ci && env.TERM !== 'dumb';
  return canRedraw ? screenView(io, title, host) : appendingView(io, (at) => `${at.toISOString()}\n`);
}

function appendingView(io: Io, heading: (at: Date) => string): View {
  return {
    newFrame(at) {
      const stdout = captureOutput(io.stdout);
      return { io: { ...io, stdout }, stdout, at };
    },
    show: ({ stdout, at }) => {
      if (stdout.text !== '') io.stdout.write(`${heading(at)}${stdout.text}`);
    },
    close: () => undefined,
  };
}

function screenView(io: Io, title: string, host?: ScreenHost): View {
  let shown: Frame | undefined;
  const draw = () => {
    if (!shown) return;
    const time = ` — ${shown.at.toTimeString().slice(0, 8)}`;
    const header = `${truncate(title, io.stdout.columns - time.length)}${time}`;
    // Of a row the end may be cut, of an error it says why.
    const notes = wrapLines(shown.stderr?.text ?? '', io.stdout.columns);
    screen.draw(composeFrame(io.stdout, header, shown.stdout.text + notes));
  };
  const screen = new Screen(io.stdout, draw, host);
  return {
    newFrame(at) {
      const stdout = captureOutput(io.stdout);
      const stderr = captureOutput(io.stderr);
      // A line that moves by itself would be drawn over the frame; in CI there is none.
      return { io: { ...io, stdout, stderr, ci: true }, stdout, stderr, at };
    },
    show(frame) {
      shown = frame;
      draw();
    },
    close: () => screen.close(),
  };
}
