import type { Analysis, Verdict } from './analysis.ts';
import type { ShownFinding } from './finding.ts';

/** What is different from an earlier analysis. */
export interface Changes {
  /** When the earlier one was made, RFC 3339. */
  since: string;
  verdict: { before: Verdict; after: Verdict };
  /** Findings that the earlier one did not have, and those that it alone had. */
  appeared: ShownFinding[];
  gone: ShownFinding[];
  /** Findings that both have, with another level or other words. */
  changed: { before: ShownFinding; after: ShownFinding }[];
  facts: ChangedFact[];
}

/** One value that is another now. */
export interface ChangedFact {
  /** Where it stands in the analysis: `moves.alerts.source.readyMessages`. */
  fact: string;
  before: unknown;
  after: unknown;
}

/** An analysis as it was saved: what of it a comparison needs. */
export type SavedAnalysis = Pick<Analysis, 'at' | 'verdict' | 'findings' | 'server' | 'moves'>;

/** Compares with an earlier analysis; measurements that are never twice the same are left out. */
export function compareAnalyses(before: SavedAnalysis, after: SavedAnalysis): Changes {
  const earlier = new Map(before.findings.map((finding) => [nameOf(finding), finding]));
  const later = new Map(after.findings.map((finding) => [nameOf(finding), finding]));
  return {
    since: before.at,
    verdict: { before: before.verdict, after: after.verdict },
    appeared: after.findings.filter((finding) => !earlier.has(nameOf(finding))),
    gone: before.findings.filter((finding) => !later.has(nameOf(finding))),
    changed: after.findings.flatMap((finding) => {
      const old = earlier.get(nameOf(finding));
      return old && (old.level !== finding.level || old.what !== finding.what)
        ? [{ before: old, after: finding }]
        : [];
    }),
    facts: changedFacts(before, after),
  };
}

function nameOf({ code, about }: ShownFinding): string {
  return `${code} ${about}`;
}

function changedFacts(before: SavedAnalysis, after: SavedAnalysis): ChangedFact[] {
  const old = factsOf(before);
  const now = factsOf(after);
  const names = [...new Set([...old.keys(), ...now.keys()])];
  return names.flatMap((fact) => {
    const pair = { fact, before: old.get(fact) ?? null, after: now.get(fact) ?? null };
    return JSON.stringify(pair.before) === JSON.stringify(pair.after) ? [] : [pair];
  });
}

/** What is measured anew each time, and so is never a change worth telling. */
const FLEETING =
  /latency|skew|roundTrip|perSecond|usedMemory|peakMemory|fragmentation|freeBytes|durationMs|pace|xact|connections|clients|uptime|opsPer|AgeMs$/i;

/** Every single value by where it stands; moves by their names, so that their order means nothing. */
function factsOf({ server, moves }: SavedAnalysis): Map<string, unknown> {
  const facts = new Map<string, unknown>();
  collect(facts, 'server', server);
  for (const { name, ...move } of moves) collect(facts, `moves.${name}`, move);
  return facts;
}

function collect(facts: Map<string, unknown>, at: string, value: unknown): void {
  if (FLEETING.test(at.slice(at.lastIndexOf('.') + 1))) return;
  if (typeof value !== 'object' || value === null) {
    facts.set(at, value);
    return;
  }
  if (
    Array.isArray(value) &&
    !value.every((item) => typeof item === 'object' && item !== null && 'type' in item)
  ) {
    facts.set(at, value);
    return;
  }
  // Types are told apart by their names, wherever they stand in the list.
  const entries = Array.isArray(value)
    ? value.map((item): [string, unknown] => [String(item.type), item])
    : Object.entries(value);
  for (const [name, part] of entries) collect(facts, `${at}.${name}`, part);
}
