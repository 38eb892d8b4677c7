import type { Finding } from '../../model/finding.ts';

/** What was found at one of several places: masters of a cluster, partitions of a stream. */
export interface Place {
  name: string;
  findings: Finding[];
}

const RANK: Record<Finding['level'], number> = { blocker: 0, warning: 1, note: 2 };

/**
 * One finding a code, that of the place where it is worst, and at how many others it is found as well: a
 * hundred partitions must not say the same a hundred times.
 */
export function together(places: readonly Place[]): Finding[] {
  if (places.length === 1) return places[0]!.findings;
  const byCode = new Map<string, { name: string; finding: Finding }[]>();
  for (const { name, findings } of places)
    for (const finding of findings)
      byCode.set(finding.code, [...(byCode.get(finding.code) ?? []), { name, finding }]);
  return [...byCode.values()].map(asOne);
}

function asOne(same: readonly { name: string; finding: Finding }[]): Finding {
  const [worst] = [...same].sort((a, b) => RANK[a.finding.level] - RANK[b.finding.level]);
  const { name, finding } = worst!;
  const others = new Set(same.map((one) => one.name)).size - 1;
  const text = `${name}: ${finding.text}`;
  return { ...finding, text: others > 0 ? `${text} (and at ${others} more)` : text };
}
