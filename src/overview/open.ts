import { randomUUID } from 'node:crypto';
import type { PendingReport, StreamDetail } from '../streams/index.ts';
import { Answers } from './answers.ts';
import { redisAway, whyOf } from './away.ts';
import { pendingDetail, streamDetail } from './details.ts';
import type { OverviewDoors } from './doors.ts';
import { Histories } from './histories.ts';
import { newestLetters, oneLetter } from './letters.ts';
import { Looker } from './looker.ts';
import type { OpenedLetter, Overview, OverviewOptions, Seen, Series } from './overview.ts';

/** No more than this part of the time is spent on looks. */
const SHARE = 0.2;
/** Redis is away once it has kept silent for so long in the middle of a look. */
const SILENCE_MS = 5000;
/** Between two attempts to reach it, at least. */
const PAUSE_MS = 250;

/** Begins to look, and goes on until it is closed. The doors stay open. */
export function openOverview(doors: OverviewDoors, options: OverviewOptions = {}): Overview {
  return new LiveOverview(doors, options);
}

class LiveOverview implements Overview {
  readonly #doors: OverviewDoors;
  readonly #intervalMs: number;
  readonly #looker: Looker;
  readonly #answers: Answers;
  readonly #histories: Histories;
  readonly #epoch = randomUUID();
  readonly #listeners = new Set<(seen: Seen) => void>();
  readonly #closing = new AbortController();
  readonly #first: Promise<Seen>;
  #resolveFirst!: (seen: Seen) => void;
  #seen: Seen = { snapshot: null, away: null };
  #timer: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #heardAt = 0;
  #tookMs = 0;

  constructor(doors: OverviewDoors, options: OverviewOptions) {
    const { intervalMs = 1000, maxStreams = 2000, points = 900, memory = false, match } = options;
    this.#doors = doors;
    this.#intervalMs = intervalMs;
    this.#looker = new Looker(doors, { intervalMs, maxStreams, memory, match });
    this.#answers = new Answers(intervalMs);
    this.#histories = new Histories(points);
    this.#first = new Promise((resolve) => {
      this.#resolveFirst = resolve;
    });
    void this.#round();
  }

  seen(): Seen {
    return this.#seen;
  }

  first(): Promise<Seen> {
    return this.#first;
  }

  subscribe(listener: (seen: Seen) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  streamHistory(stream: string): Series | undefined {
    return this.#histories.stream(stream);
  }

  redisHistory(): Series {
    return this.#histories.redis();
  }

  stream(stream: string): Promise<StreamDetail[]> {
    const { signal } = this.#closing;
    return this.#ask(['stream', stream], () => streamDetail(this.#doors, stream, signal));
  }

  pending(stream: string, group: string): Promise<PendingReport> {
    const { signal } = this.#closing;
    return this.#ask(['pending', stream, group], () => pendingDetail(this.#doors, stream, group, signal));
  }

  deadLetters(stream: string, count: number): Promise<OpenedLetter[]> {
    const { signal } = this.#closing;
    return this.#ask(['letters', stream, count], () => newestLetters(this.#doors, stream, count, signal));
  }

  deadLetter(stream: string, id: string): Promise<OpenedLetter | undefined> {
    const { signal } = this.#closing;
    return this.#ask(['letter', stream, id], () => oneLetter(this.#doors, stream, id, signal));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    this.#listeners.clear();
  }

  /** A question to a server that is away would wait for as long as it is, and nobody may be there for the answer. */
  async #ask<T>(question: (string | number)[], ask: () => Promise<T>): Promise<T> {
    const { away } = this.#seen;
    if (away) throw redisAway(away.why);
    return this.#answers.get(JSON.stringify(question), ask);
  }

  async #round(): Promise<void> {
    const from = performance.now();
    const everyMs = await this.#look(from);
    if (this.#closing.signal.aborted) return;
    const leftMs = Math.max(0, everyMs - (performance.now() - from));
    this.#timer = setTimeout(() => void this.#round(), leftMs);
    this.#tell();
  }

  /** Returns how long after its start the next one starts. */
  async #look(from: number): Promise<number> {
    this.#watchSilence();
    try {
      const look = await this.#looker.look(() => this.#hear());
      const tookMs = performance.now() - from;
      const intervalMs = this.#intervalAfter(tookMs);
      const seq = (this.#seen.snapshot?.seq ?? 0) + 1;
      const snapshot = {
        ...{ epoch: this.#epoch, seq, ...look },
        ...{ intervalMs: Math.round(intervalMs), tookMs: Math.round(tookMs) },
      };
      this.#seen = { snapshot, away: null };
      this.#histories.remember(snapshot);
      return intervalMs;
    } catch (error) {
      this.#fail(whyOf(error));
      // Most of this time was waiting.
      return Math.max(this.#intervalMs, performance.now() - from + PAUSE_MS);
    } finally {
      clearInterval(this.#watch);
    }
  }

  /** One look that took long by chance does not put off the next. */
  #intervalAfter(tookMs: number): number {
    const usualMs = Math.min(tookMs, this.#tookMs);
    this.#tookMs = tookMs;
    return Math.max(this.#intervalMs, usualMs / SHARE);
  }

  #hear(): void {
    this.#heardAt = performance.now();
  }

  /** A stopped server keeps its connections open: those who look are told, and the look goes on once it answers. */
  #watchSilence(): void {
    this.#hear();
    this.#watch = setInterval(() => {
      if (performance.now() - this.#heardAt < SILENCE_MS) return;
      this.#fail(`Redis has not answered for ${SILENCE_MS / 1000} s`);
      this.#tell();
    }, this.#intervalMs);
  }

  #fail(why: string): void {
    const now = new Date();
    if (!this.#seen.away) this.#histories.gap(now.getTime());
    // What was answered before, or is answered after a long silence, says nothing of what comes back.
    if (!this.#seen.away) this.#answers.forget();
    this.#seen = { ...this.#seen, away: { since: this.#seen.away?.since ?? now.toISOString(), why } };
  }

  #tell(): void {
    this.#resolveFirst(this.#seen);
    for (const listener of this.#listeners) listener(this.#seen);
  }
}
