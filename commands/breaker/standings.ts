import type { BreakerEvent } from '../../src/breaker/index.ts';
import type { ShownBreaker } from './chosen.ts';

/** How a breaker stands, as far as was told. */
interface Standing {
  /** Null where no event has told it yet. */
  state: string | null;
  /** Of the override; null where there is none. */
  mode: string | null;
  untilMs: number | null;
  /** The override is over and stands there still. */
  lapsed: boolean;
}

/** Processes that are at work take away an override within a second of its end. */
const GRACE_MS = 1500;

/** What was told of breakers so far, so that what was not can be noticed. */
export class Standings {
  readonly #standings = new Map<string, Standing>();
  #aheadMs = 0;

  /** Whether it stands otherwise than was told. */
  isNews({ name, state, override, lapsed }: ShownBreaker): boolean {
    const told = this.#standings.get(name);
    if (!told || (told.state !== null && told.state !== state) || told.lapsed !== lapsed) return true;
    return told.mode !== (override?.mode ?? null) || told.untilMs !== (override?.untilMs ?? null);
  }

  /** Takes over the clock of Redis, and forgets what is no longer there. */
  keep(breakers: readonly ShownBreaker[]): void {
    const names = new Set(breakers.map(({ name }) => name));
    for (const name of this.#standings.keys()) if (!names.has(name)) this.#standings.delete(name);
    for (const { nowMs } of breakers) this.#aheadMs = nowMs - performance.now();
  }

  /** It was told as it stands. */
  note({ name, state, override, lapsed }: ShownBreaker): void {
    const { mode = null, untilMs = null } = override ?? {};
    this.#standings.set(name, { state, mode, untilMs, lapsed });
  }

  /** An event was told. */
  apply({ breaker, type, to, mode, untilMs }: BreakerEvent): void {
    const nothing = { state: null, mode: null, untilMs: null, lapsed: false };
    const told = this.#standings.get(breaker) ?? nothing;
    if (type === 'transition') this.#standings.set(breaker, { ...told, state: to });
    if (type === 'hold') this.#standings.set(breaker, { ...told, mode, untilMs, lapsed: false });
    if (type === 'release' || type === 'lapse')
      this.#standings.set(breaker, { ...told, mode: null, untilMs: null, lapsed: false });
  }

  /** The breakers whose override should be over by now. */
  overdue(): string[] {
    return [...this.#standings].filter(([, one]) => this.#leftMs(one) <= 0).map(([name]) => name);
  }

  /** After how many ms the next one is overdue; Infinity where none will be. */
  dueInMs(): number {
    const left = [...this.#standings.values()].map((one) => this.#leftMs(one));
    return Math.max(
      1,
      left.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY),
    );
  }

  #leftMs({ untilMs }: Standing): number {
    if (untilMs === null) return Number.POSITIVE_INFINITY;
    return untilMs + GRACE_MS - (performance.now() + this.#aheadMs);
  }
}
