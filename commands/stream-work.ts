import { type Hints, QctlError } from '../src/errors.ts';
import type { Work } from '../src/streams/index.ts';
import type { Context } from './context.ts';
import { createProgress, type Progress } from './term/progress.ts';

/** A piece of work with its progress line. */
export interface WatchedWork {
  work: Work;
  progress: Progress;
}

/** Runs work that goes page by page: the line moves, waits say why, the first signal ends it after the page. */
export async function withProgress<T>(
  context: Context,
  doing: string,
  run: (watched: WatchedWork) => Promise<T>,
): Promise<T> {
  const progress = afterAWhile(createProgress(context.io, context.options));
  const waiting = (who: string, reason: string | null): void => {
    if (reason !== null) progress.update(`${doing}: waiting for ${who}: ${reason}`);
  };
  try {
    return await run({ work: { signal: context.signal, waiting }, progress });
  } finally {
    progress.stop();
  }
}

/** What is done in a moment needs no line; in the log of a cron job it would only be noise. */
const QUIET_MS = 1000;

function afterAWhile(progress: Progress): Progress {
  const from = performance.now() + QUIET_MS;
  return {
    update: (line, event) => (performance.now() < from ? undefined : progress.update(line, event)),
    note: (line) => progress.note(line),
    hide: () => progress.hide(),
    stop: () => progress.stop(),
  };
}

/** Work that says once why it waits for Redis, and once that this is over. Whoever follows waits for ever. */
export function patientWork({ io, options, signal }: Context, follow = false): Work {
  let away = false;
  const waiting = (who: string, reason: string | null): void => {
    const was = away;
    away = reason !== null;
    if (was === away || options.quiet) return;
    io.stderr.write(away ? `qctl: waiting for ${who}: ${reason}\n` : `qctl: ${who} is back\n`);
  };
  return { signal, waiting, ...(follow && { patienceMs: Number.POSITIVE_INFINITY }) };
}

/** The error for arguments that contradict each other or are missing. */
export function usageError(message: string, code: string, ...hint: Hints): QctlError {
  return new QctlError('usage', message, { code, hint });
}
