import type { RedisConnection } from '../backends/redis/index.ts';
import type { StreamEntry } from '../model/entry.ts';
import { pause } from '../model/patience.ts';
import { compareStreamIds } from '../model/stream-id.ts';
import { EntryReader } from './entry-reader.ts';
import type { Work } from './work.ts';

/** Where the reading of one stream begins and ends. */
export interface TailStart {
  stream: string;
  /** Id for ranges, with `(` where exclusive. */
  from: string;
  /** The last id that is read; ignored where the stream is followed. */
  to: string;
}

/** What {@link tailEntries} reads. */
export interface TailRequest {
  starts: readonly TailStart[];
  /** Goes on with what is added, until the signal. */
  follow: boolean;
  /** Ends it. */
  limit?: number;
}

/** An entry and the stream it stands in. */
export interface TailEntry extends StreamEntry {
  stream: string;
}

/** How often a stream that is followed is asked for more. */
const POLL_MS = 250;

/**
 * Reads streams forward, the entries of all in the order of their ids. It reads with XRANGE and changes
 * nothing: no group, no consumer. A Redis that is away is waited for; `work.waiting` is told why.
 * Throws `Interrupted` where the signal ends such a wait.
 */
export async function* tailEntries(
  redis: RedisConnection,
  { starts, follow, limit = Number.POSITIVE_INFINITY }: TailRequest,
  work: Work,
): AsyncGenerator<TailEntry[]> {
  const sources = starts.map(({ stream, from, to }) => {
    const reader = new EntryReader(redis, work, stream, from, follow ? '+' : to);
    return { reader, page: [] as TailEntry[] };
  });
  let left = limit;
  while (left > 0 && !work.signal.aborted) {
    if (follow) for (const { reader } of sources) reader.wake(POLL_MS);
    await Promise.all(sources.map(fill));
    const entries = takeReady(sources).slice(0, left);
    left -= entries.length;
    if (entries.length > 0) yield entries;
    else if (!follow) return;
    else await pause(POLL_MS, work.signal);
  }
}

interface Source {
  reader: EntryReader;
  /** Read and not given out yet. */
  page: TailEntry[];
}

async function fill(source: Source): Promise<void> {
  const { reader } = source;
  if (source.page.length > 0 || !reader.mayHaveMore) return;
  source.page = (await reader.next()).map((entry) => ({ stream: reader.stream, ...entry }));
}

/** Takes what no stream can put an earlier entry before any more. */
function takeReady(sources: readonly Source[]): TailEntry[] {
  if (sources.length === 1) return sources[0]!.page.splice(0);
  const unsure = sources.filter(({ reader }) => reader.mayHaveMore).map(({ page }) => page.at(-1)!.id);
  const [bound] = unsure.sort(compareStreamIds);
  const ready: TailEntry[] = [];
  for (const source of sources) {
    const behind = bound === undefined ? -1 : source.page.findIndex(({ id }) => isAfter(id, bound));
    ready.push(...source.page.splice(0, behind < 0 ? source.page.length : behind));
  }
  return ready.sort((a, b) => compareStreamIds(a.id, b.id));
}

function isAfter(id: string, bound: string): boolean {
  return compareStreamIds(id, bound) > 0;
}
