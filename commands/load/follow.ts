import type { LoadProgress, LoadSecond } from '../../src/load/index.ts';
import type { Context } from '../context.ts';
import { composeFrame } from '../term/frame.ts';
import { createProgress } from '../term/progress.ts';
import { Screen } from '../term/screen.ts';
import { liveFrame, progressLine } from './live.ts';

/** What a load test tells while it runs. */
export interface FollowingLoad {
  progress(progress: LoadProgress): void;
  /** Before the report is printed. May be called twice. */
  stop(): void;
}

/** So many seconds are drawn. */
const MOST_SECONDS = 600;

/**
 * A view that is redrawn on a terminal, a line now and then in a log, with `-o ndjson` an event a second.
 *
 * @param prefix which of several runs it is
 */
export function followLoad(context: Context, prefix: string): FollowingLoad {
  const { io, options } = context;
  const whole = io.stderr.isTTY && !io.ci && !options.quiet && options.output !== 'ndjson';
  if (whole && context.env.TERM !== 'dumb' && io.stderr.stream.columns > 0) return liveView(context, prefix);
  const progress = createProgress(io, options);
  return {
    progress: (state) => progress.update(`${prefix}${progressLine(state)}`, eventOf(state)),
    stop: () => progress.stop(),
  };
}

function liveView({ io }: Context, prefix: string): FollowingLoad {
  const seconds: LoadSecond[] = [];
  let latest: LoadProgress | undefined;
  const draw = () => {
    if (!latest) return;
    const header = `${prefix}${latest.run} — Ctrl-C ends it with the result so far`;
    screen.draw(composeFrame(io.stderr, header, liveFrame(io.stderr, latest, seconds)));
  };
  const screen = new Screen(io.stderr, draw);
  return {
    progress(state) {
      latest = state;
      if (state.last && state.last.second !== seconds.at(-1)?.second) seconds.push(state.last);
      if (seconds.length > MOST_SECONDS) seconds.shift();
      draw();
    },
    stop: () => screen.close(),
  };
}

/** Without the histograms of the second: they are for the file. */
function eventOf({ last, ...state }: LoadProgress): object {
  return { ...state, last: last && { ...last, enqueue: null, endToEnd: null } };
}
