import { createHash } from 'node:crypto';
import { findDoubles } from './doubles.ts';

/** Ids held in memory at once while two sides are compared; more ids mean more passes. */
const IDS_A_PASS = 300_000;
/** Differing ids that are named; all of them are counted. */
const NAMED = 100;

/** How two collections of ids differ. */
export interface Differing {
  missing: string[];
  doubled: string[];
  unexpected: string[];
  /** On both sides, with another body; looked for only where no id differs. */
  altered: string[];
  missingCount: number;
  doubledCount: number;
  unexpectedCount: number;
  alteredCount: number;
}

export const NO_DIFFERENCE: Differing = {
  missing: [],
  doubled: [],
  unexpected: [],
  altered: [],
  missingCount: 0,
  doubledCount: 0,
  unexpectedCount: 0,
  alteredCount: 0,
};

export function differs(differing: Differing): boolean {
  return (
    differing.missingCount + differing.doubledCount + differing.unexpectedCount + differing.alteredCount > 0
  );
}

type Pages = () => AsyncIterable<string[]>;

/**
 * Compares what stands in the target with what should. In bounded memory: ids are split by hash, and
 * each pass looks at one part of them on both sides. Without `expected` only doubles are looked for.
 */
export async function compareIds(
  found: Pages,
  expected: Pages | undefined,
  about: number,
): Promise<Differing> {
  const total = structuredClone(NO_DIFFERENCE);
  if (!expected) {
    await findDoubles(found, about, (id) => note(total, 'doubled', id));
    return total;
  }
  const passes = Math.max(1, Math.ceil(about / IDS_A_PASS));
  for (let pass = 0; pass < passes; pass += 1)
    await comparePass(found, expected, (id) => partOf(id, passes) === pass, total);
  return total;
}

async function comparePass(
  found: Pages,
  expected: Pages,
  mine: (id: string) => boolean,
  total: Differing,
): Promise<void> {
  const times = new Map<string, number>();
  for await (const ids of found())
    for (const id of ids) if (mine(id)) times.set(id, (times.get(id) ?? 0) + 1);
  for (const [id, count] of times) if (count > 1) note(total, 'doubled', id);
  for await (const ids of expected()) {
    for (const id of ids) if (mine(id) && !times.delete(id)) note(total, 'missing', id);
  }
  for (const id of times.keys()) note(total, 'unexpected', id);
}

function note(total: Differing, what: 'missing' | 'doubled' | 'unexpected', id: string): void {
  total[`${what}Count`] += 1;
  if (total[what].length < NAMED) total[what].push(id);
}

function partOf(id: string, parts: number): number {
  return parts === 1 ? 0 : createHash('md5').update(id).digest().readUInt32BE(0) % parts;
}
