import type { DoubledKeys } from './doubled.ts';
import { noisePairsNeeded, type Settled } from './fields.ts';
import type { Intake } from './intake.ts';
import type { CompareRequest } from './request.ts';
import type { Sample } from './sample.ts';
import { allKeys, scopeOf } from './scope.ts';
import type { Tally } from './tally.ts';
import { judge, type Threshold } from './thresholds.ts';
import type { CompareVerdict, Comparison, Counts } from './types.ts';

/** What a comparison came to, in parts. */
export interface ReportParts {
  request: CompareRequest;
  thresholds: readonly Threshold[];
  tally: Tally;
  settled: Settled;
  sample: Sample;
  doubled: DoubledKeys;
  sides: { old: Intake; new: Intake; old2: Intake | undefined };
  startedAt: Date;
  endedAt: Date;
  complete: boolean;
}

/** The one value that everything else is made from. */
export function report(parts: ReportParts): Comparison {
  const { request, tally, settled, sides, complete } = parts;
  const { counts } = tally;
  const measured = {
    startedAt: parts.startedAt.toISOString(),
    endedAt: parts.endedAt.toISOString(),
    complete,
    key: [...request.key],
    counts,
    shares: sharesOf(counts),
    old: sides.old.report(tally.keys.old),
    new: sides.new.report(tally.keys.new),
    old2: sides.old2?.report(tally.keys.old2) ?? null,
    noisePairs: sides.old2 ? { counted: tally.noisePairs, needed: noisePairsNeeded(counts.compared) } : null,
    behindMs: tally.behind.spread(),
    fields: settled.fields,
    fieldsLeftOut: settled.leftOut,
    sample: parts.sample.records(settled.isNoise),
    doubled: parts.doubled.all(),
  };
  const thresholds = judge(parts.thresholds, scopeOf(measured));
  const { startedAt, endedAt, ...rest } = measured;
  const verdict = verdictOf({ ...measured, thresholds });
  return { startedAt, endedAt, ...rest, verdict, thresholds };
}

function sharesOf(counts: Counts): Comparison['shares'] {
  const keys = allKeys(counts);
  const shares = Object.entries(counts).map(([name, count]) => [name, keys > 0 ? count / keys : null]);
  return Object.fromEntries(shares) as Comparison['shares'];
}

function verdictOf(result: Omit<Comparison, 'verdict'>): CompareVerdict {
  const { complete, counts, thresholds, old, new: fresh } = result;
  if (!complete) return 'incomplete';
  if (counts.compared === 0) return 'noData';
  if (thresholds.some(({ ok }) => !ok)) return 'failed';
  const { mismatched, missing, extra, errorsOld, errorsNew } = counts;
  const unreadable = old.unreadable + fresh.unreadable;
  const wrong = mismatched + missing + extra + errorsOld + errorsNew + unreadable;
  return wrong > 0 ? 'different' : 'same';
}
