import { type PackedRecord, packedIn, partOf, unpack } from './packed.ts';
import { Spill } from './spill.ts';
import type { SideName } from './types.ts';

/** All records of one key: the first of each side, and how often the others stand there. */
export interface Group {
  key: string;
  old: OfSide | undefined;
  new: OfSide | undefined;
  old2: OfSide | undefined;
}

/** Those of one side. */
export interface OfSide {
  first: PackedRecord;
  count: number;
  /** Beyond the first, those that are not equal to it. */
  differing: number;
}

/** What {@link groupsOf} reads. */
export interface JoinOptions {
  spills: Partial<Record<SideName, Spill>>;
  /** A part larger than this is cut into parts once more. */
  partBytes: number;
  folder: string | undefined;
  /** Whether two records of one side say the same. */
  isSame(side: SideName, a: PackedRecord, b: PackedRecord): boolean;
}

const PARTS_OF_A_PART = 16;
/** A part that is still too large by then holds few keys, each many times. */
const DEEPEST = 5;

/** The groups of one part, some at a time and in no order; in memory is no more than the part itself. */
export async function* groupsOf(
  part: number,
  options: JoinOptions,
  depth = 0,
): AsyncGenerator<Iterable<Group>> {
  const spills = Object.entries(options.spills) as [SideName, Spill][];
  const bytes = spills.reduce((sum, [, spill]) => sum + spill.bytesOf(part), 0);
  const isLarge = bytes > options.partBytes;
  if (isLarge && depth < DEEPEST) return yield* cutFurther(part, options, depth + 1);
  const groups = new Map<string, Group>();
  for (const [side, spill] of spills) {
    if (isLarge) await putPieces(groups, side, spill.pieces(part), options);
    else for (const packed of packedIn(await spill.load(part))) put(groups, side, unpack(packed), options);
    spill.drop(part);
  }
  yield groups.values();
}

/** Of many records of few keys only the first of each stays. */
async function putPieces(
  groups: Map<string, Group>,
  side: SideName,
  pieces: AsyncIterable<Buffer>,
  options: JoinOptions,
): Promise<void> {
  for await (const piece of pieces) {
    for (const packed of packedIn(piece)) {
      const record = unpack(packed);
      const isFirst = groups.get(record.key)?.[side] === undefined;
      put(groups, side, isFirst ? { ...record, text: Buffer.from(record.text) } : record, options);
    }
  }
}

function put(groups: Map<string, Group>, side: SideName, record: PackedRecord, options: JoinOptions): void {
  let group = groups.get(record.key);
  if (!group) {
    group = { key: record.key, old: undefined, new: undefined, old2: undefined };
    groups.set(record.key, group);
  }
  const own = group[side];
  if (!own) group[side] = { first: record, count: 1, differing: 0 };
  else {
    own.count += 1;
    if (!options.isSame(side, own.first, record)) own.differing += 1;
  }
}

async function* cutFurther(
  part: number,
  options: JoinOptions,
  depth: number,
): AsyncGenerator<Iterable<Group>> {
  const cut: Partial<Record<SideName, Spill>> = {};
  try {
    for (const [side, spill] of Object.entries(options.spills) as [SideName, Spill][]) {
      const own = new Spill(PARTS_OF_A_PART, options.partBytes / 4, options.folder);
      cut[side] = own;
      await recut(spill.pieces(part), own, depth);
      spill.drop(part);
    }
    for (let at = 0; at < PARTS_OF_A_PART; at += 1) yield* groupsOf(at, { ...options, spills: cut }, depth);
  } finally {
    for (const spill of Object.values(cut)) await spill.close();
  }
}

async function recut(pieces: AsyncIterable<Buffer>, to: Spill, seed: number): Promise<void> {
  for await (const piece of pieces) {
    for (const packed of packedIn(piece)) to.add(partOf(unpack(packed).key, PARTS_OF_A_PART, seed), packed);
    if (to.isOver) await to.settle();
  }
}
