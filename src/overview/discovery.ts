import { isDeepStrictEqual } from 'node:util';
import type { RedisConnection } from '../backends/redis/index.ts';
import { isPattern, matchesPattern } from '../model/key-pattern.ts';
import { partitionKeys } from '../model/keys.ts';
import { pause } from '../model/patience.ts';
import {
  type DeadLetterStream,
  deadLettersAmong,
  findStreams,
  isDeadLetter,
  isOwn,
} from '../streams/index.ts';
import type { OverviewConfig } from './doors.ts';

/** The list of all keys is gone through so seldom that it takes no more than this part of the time. */
const SHARE = 0.05;
const LONGEST_PAUSE_MS = 300_000;
/** A look waits no longer for the first list: it shows what the configuration names then. */
const FIRST_WAIT_MS = 3000;

/** What is looked at. */
export interface Names {
  streams: string[];
  deadLetters: DeadLetterStream[];
  /** Streams beyond the limit, and those whose names are no text. */
  leftOut: number;
  /** Why the streams could not be listed. */
  failure: unknown;
}

type Sorted = Omit<Names, 'failure'>;

/** Finds streams beside the looks: with many millions of keys that takes longer than a look. */
export class Discovery {
  readonly #match: string;
  readonly #most: number;
  #found: string[] = [];
  #sorted: { found: string[]; config: OverviewConfig; names: Sorted } | undefined;
  #unreadable = 0;
  #failure: unknown;
  #under: Promise<void> | undefined;
  #known = false;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor({ match = '*', most }: { match?: string; most: number }) {
    this.#match = match;
    this.#most = most;
  }

  /** The server is another one, or began anew. */
  forget(): void {
    this.#found = [];
    this.#known = false;
    this.#nextAt = Number.NEGATIVE_INFINITY;
  }

  /** Lists where it is time to; does not wait for that but the first time. Never throws. */
  async names(redis: RedisConnection, config: OverviewConfig): Promise<Names> {
    if (!this.#under && performance.now() >= this.#nextAt) this.#under = this.#list(redis);
    if (!this.#known) await this.#waitFirst();
    if (this.#sorted?.found !== this.#found || this.#sorted.config !== config)
      this.#sorted = { found: this.#found, config, names: this.#split(redis, config) };
    const { names } = this.#sorted;
    return { ...names, leftOut: names.leftOut + this.#unreadable, failure: this.#failure };
  }

  async #waitFirst(): Promise<void> {
    const waited = new AbortController();
    await Promise.race([this.#under, pause(FIRST_WAIT_MS, waited.signal)]);
    waited.abort();
  }

  async #list(redis: RedisConnection): Promise<void> {
    const from = performance.now();
    try {
      let unreadable = 0;
      const found = await findStreams(redis, this.#match, (count) => {
        unreadable = count;
      });
      // The same list is not sorted out again.
      if (!isDeepStrictEqual(found, this.#found)) this.#found = found;
      this.#unreadable = unreadable;
      this.#failure = undefined;
      this.#known = true;
    } catch (error) {
      this.#failure = error;
    }
    const tookMs = performance.now() - from;
    this.#nextAt = performance.now() + Math.min(tookMs / SHARE, LONGEST_PAUSE_MS);
    this.#under = undefined;
  }

  #split(redis: RedisConnection, { streams: configured, sources }: OverviewConfig): Sorted {
    const named = namedStreams(configured, sources).filter((name) => matches(this.#match, name));
    const wanted = (name: string): boolean => !isOwn(name) && !isDeadLetter(configured, name);
    const all = [...new Set([...named, ...this.#found])].filter(wanted);
    const deadLetters = deadLettersAmong(redis, configured, this.#found).filter(
      ({ stream, owners }) =>
        !isOwn(stream) &&
        [stream, ...owners.map((one) => one.stream)].some((name) => matches(this.#match, name)),
    );
    return {
      streams: all.slice(0, this.#most).sort(),
      deadLetters: deadLetters.slice(0, this.#most),
      leftOut: Math.max(0, all.length - this.#most),
    };
  }
}

function matches(pattern: string, name: string): boolean {
  return pattern === name || matchesPattern(pattern, name);
}

/** The streams that the configuration names, partitions one by one. They need not exist. */
function namedStreams(streams: OverviewConfig['streams'], sources: OverviewConfig['sources']): string[] {
  const targets = Object.values(sources).flatMap(({ stream }) => stream ?? []);
  const names = [...Object.keys(streams).filter((name) => !isPattern(name)), ...targets];
  return names.flatMap((name) => partitionKeys(name, streams[name]?.partitions ?? 1));
}
