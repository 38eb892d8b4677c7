import type { Cluster, Redis } from 'ioredis';
import type { Readable } from '../sources/source.ts';
import { compareIds, type Differing, differs, NO_DIFFERENCE } from './compare.ts';
import type { Manifest } from './manifest.ts';
import { type Found, messagesOfRun } from './presence.ts';
import {
  type Asked,
  addSums,
  addToDigest,
  type Digest,
  digestText,
  EMPTY_DIGEST,
  type ScannedPage,
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
  /** Messages that should wait until they are due and do not any more: deleted from Redis by somebody. */
  waitingGone: number | null;
  digest: { source: string; target: string; equal: boolean } | null;
  differing: Differing;
}

/** The source of a run, where it stays as it is and can be read again. */
export function readableOf(source: object | undefined): Readable | undefined {
  return source && 'everything' in source ? (source as Readable) : undefined;
}

/** Verifies a run. `source` is needed for copy mode, and read again. Changes nothing. */
export async function verifyTarget(
  client: Redis | Cluster,
  manifest: Manifest,
  source: Readable | undefined,
): Promise<Verification> {
  const target = new Target(client, manifest);
  const totals = await readTotals(client, manifest);
  if (manifest.fields)
    return {
      totals,
      ...{ entries: null, gone: null, waitingGone: null, digest: null, differing: NO_DIFFERENCE },
    };
  if (manifest.mode === 'copy' && source) return verifyCopy(target, source);
  const differing = await compareIds(target.pages('ids'), undefined, totals.appended + totals.scheduled);
  return { ...target.found(), digest: null, differing };
}

/** What stands in the target of a run, to be read as often as needed. */
class Target {
  private readonly client: Redis | Cluster;
  private readonly manifest: Manifest;
  private last: Found | undefined;

  constructor(client: Redis | Cluster, manifest: Manifest) {
    this.client = client;
    this.manifest = manifest;
  }

  pages(what: Asked): () => AsyncGenerator<string[]> {
    const scan = () => this.scan(what);
    return async function* () {
      for await (const { ids } of scan()) yield ids;
    };
  }

  async digest(): Promise<Digest> {
    const digest = { ...EMPTY_DIGEST };
    for await (const page of this.scan('digest')) addSums(digest, page);
    return digest;
  }

  private async *scan(what: Asked): AsyncGenerator<ScannedPage> {
    this.last = yield* messagesOfRun(this.client, this.manifest, what);
  }

  /** What the last scan has found. */
  found(): Pick<Verification, 'totals' | 'entries' | 'gone' | 'waitingGone'> {
    const { totals, entries, gone, waitingGone } = this.last!;
    return { totals, entries, gone, waitingGone };
  }
}

async function verifyCopy(target: Target, source: Readable): Promise<Verification> {
  const [copied, found] = [await target.digest(), target.found()];
  const table = await digestOfTable(source);
  const equal = sameDigest(table, copied);
  let differing = NO_DIFFERENCE;
  if (!equal) {
    const about = Math.max(table.count, copied.count);
    differing = await compareIds(
      target.pages('ids'),
      () => everythingAs(source, (id) => id.toString()),
      about,
    );
    if (!differs(differing)) differing = await findAltered(target, source, about);
  }
  return {
    ...found,
    digest: { source: digestText(table), target: digestText(copied), equal },
    differing,
  };
}

/** Ids that agree on both sides and bodies that do not. */
async function findAltered(target: Target, source: Readable, about: number): Promise<Differing> {
  const found = await compareIds(target.pages('sums'), () => everythingAs(source, sumOf), about);
  const altered = found.missing.map((line) => line.slice(0, line.lastIndexOf(' ')));
  return { ...NO_DIFFERENCE, altered, alteredCount: found.missingCount };
}

async function* everythingAs(
  source: Readable,
  line: (id: Buffer, body: Buffer) => string,
): AsyncGenerator<string[]> {
  for await (const part of source.everything(PART_ROWS, PART_BYTES))
    yield part.map(([id, body]) => line(id, body));
}

async function digestOfTable(source: Readable): Promise<Digest> {
  const digest = { ...EMPTY_DIGEST };
  for await (const part of source.everything(PART_ROWS, PART_BYTES))
    for (const [id, body] of part) addToDigest(digest, id, body);
  return digest;
}
