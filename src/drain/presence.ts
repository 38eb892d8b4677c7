import type { Cluster, Redis } from 'ioredis';
import { runScript } from '../backends/redis/script.ts';
import { waitingPage } from '../backends/redis/scripts/waiting-page.ts';
import { partitionKeys, streamKeys } from '../model/keys.ts';
import type { Manifest } from './manifest.ts';
import { type Asked, type ScannedPage, scanStream } from './stream-scan.ts';
import { readTotals, type Totals } from './totals.ts';

const PAGE = 1000;
const PAGE_BYTES = 2 * 1024 * 1024;
/** Messages due later than this after they were seen waiting cannot have been moved by the end of the scan. */
const SOON_MS = 600_000;

/** What a scan has found of a run. */
export interface Found {
  /** In the streams. */
  entries: number;
  /** Of those that were written to a stream, not there any more. */
  gone: number;
  /** Waiting when the scan was over. */
  waiting: number;
  /** Of those that should wait, not there any more. */
  waitingGone: number;
  /** Counters when the scan was over. */
  totals: Totals;
}

/**
 * All messages of a run in the target, each once, though they may be moved into the stream meanwhile: first
 * the streams, then what waits, then the ends of the streams for what has been moved since. What stands in a
 * stream and still waits as well is told twice.
 */
export async function* messagesOfRun(
  client: Redis | Cluster,
  manifest: Manifest,
  what: Asked,
): AsyncGenerator<ScannedPage, Found> {
  let [entries, waiting] = [0, 0];
  const before = await toTheEnd(client, await readTotals(client, manifest));
  for (const range of before.ranges) {
    for await (const page of scanStream(client, range, manifest.run, what)) {
      entries += page.count;
      yield page;
    }
  }
  if (before.scheduled === 0)
    return { entries, gone: lack(before.appended, entries), waiting, waitingGone: 0, totals: before };
  const soon = new Soon();
  for (const stream of partitionKeys(manifest.target.stream, manifest.target.partitions)) {
    for await (const page of scanWaiting(client, stream, manifest.run, what, soon)) {
      waiting += page.count;
      yield page;
    }
  }
  const after = await toTheEnd(client, await readTotals(client, manifest));
  for (const range of tails(before.ranges, after.ranges)) {
    for await (const page of scanStream(client, range, manifest.run, 'sums')) {
      const fresh = await soon.without(client, page);
      entries += page.count;
      waiting -= page.count - fresh.count;
      yield what === 'ids' ? { ...fresh, ids: fresh.ids.map(idOf) } : fresh;
    }
  }
  const totals = await readTotals(client, manifest);
  // What is moved goes from one count to the other: each is compared with what it cannot have been below.
  const gone = lack(after.appended + after.moved, entries);
  return { entries, gone, waiting, waitingGone: lack(totals.waiting, waiting), totals };
}

function lack(expected: number, found: number): number {
  return Math.max(0, expected - found);
}

/** What stands behind the run's last entry may claim to be of the run as well; it is looked at, too. */
async function toTheEnd(client: Redis | Cluster, totals: Totals): Promise<Totals> {
  const ranges = await Promise.all(
    totals.ranges.map(async (range) => {
      const [newest] = await client.xrevrange(range.stream, '+', '-', 'COUNT', 1);
      return newest ? { ...range, last: newest[0] } : range;
    }),
  );
  return { ...totals, ranges };
}

/** What has been added to the streams since. */
function tails(before: Totals['ranges'], after: Totals['ranges']): Totals['ranges'] {
  return after.map((range) => {
    const known = before.find(({ stream }) => stream === range.stream);
    return known ? { ...range, first: `(${known.last}` } : range;
  });
}

/** Messages that were seen waiting and may have been moved into the stream before the scan was over. */
class Soon {
  private readonly members = new Map<string, { key: string; member: string }>();

  note(id: string, key: string, member: string): void {
    this.members.set(id, { key, member });
  }

  /** A page of what was added to a stream since, without what was told of already while it waited. */
  async without(client: Redis | Cluster, page: ScannedPage): Promise<ScannedPage> {
    const fresh: ScannedPage = { where: 'stream', count: 0, low: 0, high: 0, ids: [] };
    for (const line of page.ids) {
      const known = this.members.get(idOf(line));
      if (known && (await client.zscore(known.key, known.member)) === null) continue;
      const sum = line.slice(line.lastIndexOf(' ') + 1);
      fresh.count += 1;
      fresh.low = (fresh.low + Number.parseInt(sum.slice(0, 8), 16)) % 4_294_967_296;
      fresh.high = (fresh.high + Number.parseInt(sum.slice(8, 16), 16)) % 4_294_967_296;
      fresh.ids.push(line);
    }
    return fresh;
  }
}

/** What waits for one stream, in hand or not. */
async function* scanWaiting(
  client: Redis | Cluster,
  stream: string,
  run: string,
  what: Asked,
  soon: Soon,
): AsyncGenerator<ScannedPage> {
  const keys = streamKeys(stream);
  for (const key of [keys.delayed, keys.delayedHeld]) {
    let at: [due: string, member: string] = ['', ''];
    for (;;) {
      const [now, ended, low, high, member, due, ...found] = (await runScript(
        client,
        waitingPage,
        [key, keys.delayedEntries],
        [...at, PAGE, PAGE_BYTES, run, what, 'id', 'body'],
      )) as [string, number, string, string, string, string, ...string[]];
      const ids: string[] = [];
      for (let i = 0; i < found.length; i += 3) {
        const id = what === 'sums' ? idOf(found[i + 2]!) : found[i + 2]!;
        if (Number(found[i + 1]) <= Number(now) + SOON_MS) soon.note(id, key, found[i]!);
        ids.push(found[i + 2]!);
      }
      yield { where: 'waiting', count: ids.length, low: Number(low), high: Number(high), ids };
      if (ended === 1) break;
      at = [due, member];
    }
  }
}

/** The id of a line `id sum`. */
function idOf(line: string): string {
  return line.slice(0, line.lastIndexOf(' '));
}
