import type { SourceConfig } from '../config/schema.ts';
import { partitionKeys } from '../model/keys.ts';
import { celeryDepth, configuredDepth, type LabelledDepth, queueDepth } from '../sources/depth-of.ts';
import { whyOf } from './away.ts';
import type { OverviewConfig, OverviewDoors } from './doors.ts';
import type { MoveRow, StreamRow } from './snapshot.ts';

/** An old queue is counted no more often than this: a count of rows reads them all. */
const EVERY_MS = 15_000;
/** Nor for more than this part of the time. */
const SHARE = 0.05;
const TIMEOUT_MS = 5000;

/** The newest count of one source. */
interface Counted {
  depth: LabelledDepth | null;
  why: string | null;
  at: string;
}

/** Counts the sources that go to a stream, beside the looks: none of them may hold up a look at Redis. */
export class Moves {
  readonly #doors: OverviewDoors;
  readonly #counted = new Map<string, Counted>();
  #under: Promise<void> | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(doors: OverviewDoors) {
    this.#doors = doors;
  }

  /** @param streams undefined: they could not be looked at */
  rows(
    config: OverviewConfig,
    streams: readonly StreamRow[] | undefined,
    denied: ReadonlySet<string>,
  ): MoveRow[] {
    const moving = Object.entries(config.sources).filter(([, { stream }]) => stream !== undefined);
    if (moving.length > 0 && !this.#under && performance.now() >= this.#nextAt)
      this.#under = this.#count(moving);
    const byName = streams && new Map(streams.map((row) => [row.stream, row]));
    return moving.map(([source, { kind, stream = '' }]) => {
      const counted = this.#counted.get(source);
      const names = partitionKeys(stream, config.streams[stream]?.partitions ?? 1);
      return {
        source,
        kind,
        stream,
        oldDepth: counted?.depth?.ready ?? null,
        oldInFlight: counted?.depth?.inFlight ?? null,
        oldApproximate: kind === 'sqs',
        oldAt: counted?.at ?? null,
        newDepth: byName && !names.some((name) => denied.has(name)) ? newDepth(names, byName) : null,
        why: counted?.why ?? null,
      };
    });
  }

  /** Resolves once no source is being counted. */
  async settled(): Promise<void> {
    await this.#under;
  }

  async #count(moving: readonly [string, SourceConfig][]): Promise<void> {
    const from = performance.now();
    await Promise.all(moving.map(([name, source]) => this.#countOne(name, source)));
    const now = performance.now();
    this.#nextAt = Math.max(from + EVERY_MS, now + (now - from) / SHARE);
    this.#under = undefined;
  }

  async #countOne(name: string, source: SourceConfig): Promise<void> {
    const at = new Date().toISOString();
    try {
      const depth = await depthOf(this.#doors, name, source);
      this.#counted.set(name, { depth, why: null, at });
    } catch (error) {
      this.#counted.set(name, { depth: null, why: whyOf(error), at });
    }
  }
}

async function depthOf(doors: OverviewDoors, name: string, source: SourceConfig): Promise<LabelledDepth> {
  if (source.kind === 'sqs') return queueDepth(await doors.sqs(name));
  if (source.kind === 'celery') return celeryDepth(await doors.broker(name), source);
  return configuredDepth(await doors.postgres(name), source, TIMEOUT_MS);
}

/** Over all partitions; one that is not there yet holds nothing. */
function newDepth(names: readonly string[], streams: ReadonlyMap<string, StreamRow>): number | null {
  return names.reduce<number | null>((sum, name) => {
    const row = streams.get(name);
    const depth = row ? unfinished(row) : 0;
    return sum === null || depth === null ? null : sum + depth;
  }, 0);
}

/** Of the slowest group; null where the lag of one is not known, which may be that one. */
function unfinished({ length, groups }: StreamRow): number | null {
  if (groups.length === 0) return length;
  const each = groups.map(({ lag, pending }) => (lag === null ? null : lag + pending));
  return each.includes(null) ? null : Math.max(...(each as number[]));
}
