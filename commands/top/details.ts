import type { Overview } from '../../src/overview/index.ts';
import { MOST_LETTERS } from './pages/letters.ts';
import type { Place } from './place.ts';
import type { Detail } from './scene.ts';

/** Asks for what is opened, one question at a time for each place, and keeps the last answer. */
export class Details {
  readonly #overview: Overview;
  readonly #changed: () => void;
  readonly #known = new Map<string, Detail>();
  readonly #asking = new Set<string>();

  /** @param changed called when an answer has come */
  constructor(overview: Overview, changed: () => void) {
    this.#overview = overview;
    this.#changed = changed;
  }

  of(place: Place): Detail | undefined {
    return this.#known.get(JSON.stringify(place));
  }

  /** Asks anew; what is not open any more is forgotten. */
  refresh(open: readonly Place[]): void {
    const keys = new Set(open.map((place) => JSON.stringify(place)));
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
    const front = open.at(-1);
    if (front) void this.#ask(front);
  }

  async #ask(place: Place): Promise<void> {
    const key = JSON.stringify(place);
    const known = this.#known.get(key);
    // A message never changes.
    if (this.#asking.has(key) || (known?.letter && known.why === undefined)) return;
    this.#asking.add(key);
    try {
      const answer = await answerOf(this.#overview, place);
      if (answer) this.#known.set(key, answer);
    } catch (error) {
      this.#known.set(key, { ...known, why: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#asking.delete(key);
    }
    this.#changed();
  }
}

/** Undefined where the snapshot has all of it. */
async function answerOf(overview: Overview, place: Place): Promise<Detail | undefined> {
  if (place.kind === 'stream') return { streams: await overview.stream(place.stream) };
  if (place.kind === 'letters') return { letters: await overview.deadLetters(place.stream, MOST_LETTERS) };
  if (place.kind !== 'letter') return undefined;
  return { letter: (await overview.deadLetter(place.stream, place.id)) ?? null };
}
