import { copyTable } from './copy.ts';
import type { Tell } from './result.ts';
import { fillRows, type Rig } from './rig.ts';

const LIMIT_BYTES = 200_000_000;

/** Peak memory of the process for all rows against that for a tenth of them. */
export async function benchMemory(rig: Rig, rows: number, tell: Tell): Promise<void> {
  const few = Math.max(1, Math.round(rows / 10));
  await fillRows(rig, 'bench_few', few);
  const small = await copyTable(rig, few, 'bench_few');
  const large = await copyTable(rig, rows);
  tell({
    name: `peak memory, ${group(rows)} vs ${group(few)} rows`,
    ours: megabytes(large.peakBytes),
    baseline: megabytes(small.peakBytes),
    ratio: large.peakBytes / small.peakBytes,
    goal: { atMost: 1.2 },
  });
  tell({
    name: 'peak memory vs 200 MB',
    ours: megabytes(large.peakBytes),
    baseline: megabytes(LIMIT_BYTES),
    ratio: large.peakBytes / LIMIT_BYTES,
    goal: { atMost: 1 },
  });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

function group(n: number): string {
  return n.toLocaleString('en-GB');
}
