import { formatDuration } from '../../src/model/duration.ts';
import type { Overview, Seen, Snapshot } from '../../src/overview/index.ts';
import type { Context } from '../context.ts';
import { Screen } from '../term/screen.ts';
import { Details } from './details.ts';
import { drawChanges } from './draw.ts';
import { type Frame, frameOf, type Stage } from './frame.ts';
import { Keyboard } from './keyboard.ts';
import type { Key } from './keys.ts';
import { press } from './press.ts';
import type { TopState } from './state.ts';

/** Ages of what is old go on although nothing new comes. */
const TICK_MS = 1000;
/** After so many intervals without a look what is shown is old; never before so many ms. */
const LATE = { intervals: 3, ms: 10_000 };

/** Shows a view on the whole terminal until it is quit: by a key, a signal, or because the terminal is gone. */
export class LiveView {
  readonly #context: Context;
  readonly #overview: Overview;
  readonly #screen: Screen;
  readonly #keyboard: Keyboard;
  readonly #details: Details;
  #state: TopState;
  #seen: Snapshot;
  #seenAt = performance.now();
  #frame: Frame | undefined;
  /** What stands on the screen; undefined: nobody knows. */
  #shown: readonly string[] | undefined;
  #quit: () => void = () => undefined;

  constructor(context: Context, overview: Overview, first: Snapshot, state: TopState) {
    this.#context = context;
    this.#overview = overview;
    this.#seen = first;
    this.#state = state;
    this.#details = new Details(overview, () => this.#draw());
    this.#keyboard = new Keyboard(context.io.stdin, {
      key: (key) => this.#press(key),
      gone: () => this.#quit(),
    });
    this.#screen = new Screen(context.io.stdout, () => this.#redraw(), process, {
      taken: () => this.#keyboard.take(),
      leaving: () => this.#leave(),
    });
  }

  /** Resolves when it is over; the terminal is given back then. */
  async show(): Promise<void> {
    const { signal, io } = this.#context;
    const over = new Promise<void>((resolve) => {
      this.#quit = resolve;
    });
    signal.addEventListener('abort', this.#quit, { once: true });
    if (signal.aborted) this.#quit();
    const unsubscribe = this.#overview.subscribe((seen) => this.#look(seen));
    const tick = setInterval(() => (io.stdout.closed ? this.#quit() : this.#draw()), TICK_MS);
    const caughtUp = () => this.#draw();
    io.stdout.stream.on('drain', caughtUp);
    try {
      this.#draw();
      await over;
    } finally {
      io.stdout.stream.off('drain', caughtUp);
      clearInterval(tick);
      unsubscribe();
      this.#screen.close();
    }
  }

  #look({ snapshot, away }: Seen): void {
    if (snapshot && !away) this.#seenAt = performance.now();
    if (snapshot && !this.#state.paused) this.#seen = snapshot;
    if (!away && !this.#state.paused) this.#refresh();
    this.#draw();
  }

  #refresh(): void {
    this.#details.refresh(this.#state.opened.map(({ place }) => place));
  }

  #press(key: Key): void {
    if (!this.#frame) return;
    if (key === 'ctrl-l') this.#shown = undefined;
    const next = press(this.#state, key, this.#frame.extent);
    if (next === 'quit') this.#quit();
    else this.#go(next);
  }

  #go(next: TopState): void {
    const opened = next.opened !== this.#state.opened;
    const goesOn = this.#state.paused && !next.paused;
    this.#state = next;
    if (goesOn) this.#seen = this.#overview.seen().snapshot ?? this.#seen;
    if (opened || goesOn) this.#refresh();
    this.#draw();
  }

  /** Nothing is known of what stands there: it has another size, or was somebody else's for a while. */
  #redraw(): void {
    this.#shown = undefined;
    this.#draw();
  }

  #draw(): void {
    const { stdout } = this.#context.io;
    this.#frame = frameOf(this.#stage(), this.#state);
    // A slow line: what has changed by then is drawn once it has caught up.
    if (stdout.stream.writableNeedDrain) return;
    const { lines } = this.#frame;
    this.#screen.draw(drawChanges(stdout, this.#shown, lines));
    this.#shown = lines;
  }

  #stage(): Stage {
    const { io, now } = this.#context;
    return {
      snapshot: this.#seen,
      old: this.#oldText(),
      streamHistory: (stream) => this.#overview.streamHistory(stream),
      redisHistory: () => this.#overview.redisHistory(),
      detail: (place) => this.#details.of(place),
      output: io.stdout,
      now: now(),
      keys: io.stdin.isTTY,
    };
  }

  #oldText(): string | null {
    const { away } = this.#overview.seen();
    const now = this.#context.now();
    if (away) {
      const since = new Date(away.since);
      const ms = Math.max(0, now.getTime() - since.getTime());
      return `no answer since ${since.toTimeString().slice(0, 8)}, for ${formatDuration(ms)}: ${away.why}`;
    }
    const ms = performance.now() - this.#seenAt;
    const late = Math.max(LATE.ms, LATE.intervals * this.#seen.intervalMs);
    return ms < late ? null : `the last look ended ${formatDuration(ms)} ago`;
  }

  /** On a terminal without a second screen the frame stays: what comes next comes below it. */
  #leave(): void {
    this.#keyboard.give();
    const { stdout } = this.#context.io;
    stdout.write(`\x1b[${stdout.rows};1H\n`);
  }
}
