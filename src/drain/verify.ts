import type { Cluster, Redis } from 'ioredis';
import type { Readable } from '../sources/source.ts';
import { compareIds, type Differing, differs, NO_DIFFERENCE } from './compare.ts';
import type { Manifest } from './manifest.ts';
import {
  addToDigest,
  type Digest,
  digestOfRun,
  digestText,
  EMPTY_DIGEST,
  idsOfRun,
  sameDigest,
  sumOf,
} from './stream-scan.ts';
import { readTotals, type Totals } from './totals.ts';

const PART_ROWS = 5000;
const PART_BYTES = 4 * 1024 * 1024;

/** What looking at both sides has shown. */
export interface Verification {
  totals: Totals;
  /** Entries of the run that stand in the stream now; null where they carry no run. */
  entries: number | null;
  /** Entries that were appended and are no longer there: trimmed or deleted since. */
  gone: number | null;
  digest: { source: string; target: string; equal: boolean } | null;
  differing: Differing;
}

/** Verifies a run. `source` is needed for copy mode, and read again. Changes nothing. */
export async function verifyTarget(
  client: Redis | Cluster,
  manifest: Manifest,
  source: Readable | undefined,
): Promise<Verification> {
  const totals = await toTheEnd(client, await readTotals(client, manifest));
  if (manifest.fields) return { totals, entries: null, gone: null, digest: null, differing: NO_DIFFERENCE };
  if (manifest.mode === 'copy' && source) return verifyCopy(client, manifest, totals, source);
  let entries = 0;
  const found = async function* (): AsyncGenerator<string[]> {
    entries = 0;
    for await (const ids of idsOfRun(client, manifest.run, totals.ranges)) {
      entries += ids.length;
      yield ids;
    }
  };
  const differing = await compareIds(found, undefined, totals.appended);
  return { totals, entries, gone: Math.max(0, totals.appended - entries), digest: null, differing };
}

async function verifyCopy(
  client: Redis | Cluster,
  manifest: Manifest,
  totals: Totals,
  source: Readable,
): Promise<Verification> {
  const target = await digestOfRun(client, manifest.run, totals.ranges);
  const table = await digestOfTable(source);
  const equal = sameDigest(table, target);
  const gone = Math.max(0, totals.appended - target.count);
  let differing = NO_DIFFERENCE;
  if (!equal) {
    const expected = async function* (): AsyncGenerator<string[]> {
      for await (const part of source.everything(PART_ROWS, PART_BYTES))
        yield part.map(([id]) => id.toString());
    };
    differing = await compareIds(
      () => idsOfRun(client, manifest.run, totals.ranges),
      expected,
      Math.max(table.count, target.count),
    );
    if (!differs(differing)) differing = await findAltered(client, manifest, totals, source);
  }
  return {
    totals,
    entries: target.count,
    gone,
    digest: { source: digestText(table), target: digestText(target), equal },
    differing,
  };
}

/** Ids that agree on both sides and bodies that do not. */
async function findAltered(
  client: Redis | Cluster,
  manifest: Manifest,
  totals: Totals,
  source: Readable,
): Promise<Differing> {
  const expected = async function* (): AsyncGenerator<string[]> {
    for await (const part of source.everything(PART_ROWS, PART_BYTES))
      yield part.map(([id, body]) => sumOf(id, body));
  };
  const found = await compareIds(
    () => idsOfRun(client, manifest.run, totals.ranges, 'sums'),
    expected,
    totals.appended,
  );
  const altered = found.missing.map((line) => line.slice(0, line.lastIndexOf(' ')));
  return { ...NO_DIFFERENCE, altered, alteredCount: found.missingCount };
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

async function digestOfTable(source: Readable): Promise<Digest> {
  const digest = { ...EMPTY_DIGEST };
  for await (const part of source.everything(PART_ROWS, PART_BYTES))
    for (const [id, body] of part) addToDigest(digest, id, body);
  return digest;
}
