import { setTimeout as sleep } from 'node:timers/promises';
import { redactUrl } from '../src/config/redact.ts';
import { isQctlError } from '../src/errors.ts';
import { formatDuration } from '../src/model/duration.ts';
import type { OpenContext } from './context.ts';
import { writeFailure } from './errors.ts';
import type { CommandEntry } from './registry.ts';
import type { ScreenHost } from './term/screen.ts';
import { printable } from './term/text.ts';
import { type Frame, openView, type View } from './watch-view.ts';

/** What is watched. */
export interface Watched {
  entry: Pick<CommandEntry, 'name' | 'nagios'>;
  /** The command line without the words of the command. */
  argv: readonly string[];
  /** From the start of one run to the start of the next. */
  intervalMs: number;
}

/** The time that a watch goes by; tests have one of their own. */
export interface Pacing {
  /** Milliseconds, from any start. */
  now(): number;
  /** Ends early at the signal. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const REAL: Pacing = { now: () => performance.now(), pause };

/**
 * Runs an action again and again, one after the other, until a signal comes or the reader of stdout goes
 * away. An error ends it, too, unless the action has worked before and the error is one of a server that
 * may come back.
 *
 * @returns the exit code; that of a signal is up to the caller
 */
export async function watchAction(
  context: OpenContext,
  watched: Watched,
  work: () => unknown,
  host?: ScreenHost,
  pacing = REAL,
): Promise<number> {
  const { io, signal } = context;
  context.stopsAtOnce = true;
  const view = openView(context, titleOf(watched), host);
  const stopped = whenAborted(signal);
  const nextFrame = frames(context, watched, view, work);
  try {
    while (!signal.aborted && !io.stdout.closed) {
      const next = pacing.now() + watched.intervalMs;
      const frame = await Promise.race([nextFrame(), stopped]);
      if (!frame) break;
      view.show(frame);
      await pacing.pause(Math.max(0, next - pacing.now()), signal);
    }
  } finally {
    view.close();
  }
  return 0;
}

/** Runs the action once a call. */
function frames(
  context: OpenContext,
  { entry }: Watched,
  view: View,
  work: () => unknown,
): () => Promise<Frame> {
  let worked = false;
  return async () => {
    const frame = view.newFrame(context.now());
    try {
      await context.turn(frame.io, async () => work());
      worked = true;
      return frame;
    } catch (error) {
      if (worked && mayPass(error)) return failed(error);
      view.close();
      if (frame.stderr) context.io.stderr.write(frame.stderr.text);
      throw error;
    }
  };

  function failed(error: unknown): Frame {
    const frame = view.newFrame(context.now());
    const { output, verbose } = context.options;
    writeFailure(frame.io, error, { output, verbose, nagios: entry.nagios });
    return frame;
  }
}

/** A server that is away may come back; what is wrong with the command stays wrong. */
function mayPass(error: unknown): boolean {
  return isQctlError(error) && (error.kind === 'target' || error.kind === 'source');
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Never skipped, so that signals are seen even where every run takes longer than the interval.
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** `every 2.0s: qctl stream ls --profile production`, without secrets. */
function titleOf({ entry, argv, intervalMs }: Watched): string {
  const args = argv.filter((arg) => !arg.startsWith('--watch=')).map(redactArgument);
  const line = ['qctl', entry.name, ...args].join(' ');
  return printable(`every ${formatDuration(intervalMs)}: ${line}`);
}

function redactArgument(arg: string): string {
  const [, flag = '', value = ''] = /^(--[\w-]+=)?(.*)$/s.exec(arg) ?? [];
  return flag + redactUrl(value);
}
