import type { Analysis, Verdict } from './analysis.ts';
import type { ShownFinding } from './finding.ts';

/** What is different from an earlier analysis. */
export interface Changes {
  /** When the earlier one was made, RFC 3339. */
  since: string;
  verdict: { before: Verdict; after: Verdict };
  /** Names of moves that only the later one has looked at, and only the earlier one. */
  moves: { appeared: string[]; gone: string[] };
  /** Findings that the earlier one did not have, and those that it alone had. */
  appeared: ShownFinding[];
  gone: ShownFinding[];
  /** Findings that both have, with another level or other words. */
  changed: { before: ShownFinding; after: ShownFinding }[];
  facts: ChangedFact[];
}

/** One value that is another now. */
export interface ChangedFact {
  /** Where it stands in the analysis: `moves.alerts.source.ready`. */
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
    moves: {
      appeared: missingFrom(before, after),
      gone: missingFrom(after, before),
    },
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

/** Names of moves that `other` has and `one` has not. */
function missingFrom(one: SavedAnalysis, other: SavedAnalysis): string[] {
  const names = new Set(one.moves.map(({ name }) => name));
  return other.moves.flatMap(({ name }) => (names.has(name) ? [] : [name]));
}

function nameOf({ code, about }: ShownFinding): string {
  return `${code} ${about}`;
}

/** Measured anew each time, and so never a change worth telling. */
const FLEETING = new Set([
  ...['pingP50Ms', 'pingP99Ms', 'scriptP50Ms', 'scriptP99Ms', 'roundTripMs', 'clockSkewMs', 'observedMs'],
  ...['usedMemoryBytes', 'peakMemoryBytes', 'fragmentationRatio', 'freeBytes', 'durationMs', 'pace'],
  ...['usedConnections', 'connectedClients', 'opsPerSecond', 'lagSeconds', 'behindBytes'],
  ...['arrivalPerSecond', 'completionPerSecond', 'oldestAgeMs', 'trend', 'seenAt'],
]);

/** Moves are told apart by their names, so that their order means nothing; one that is new is not a change of facts. */
function changedFacts(before: SavedAnalysis, after: SavedAnalysis): ChangedFact[] {
  const old = new Map(before.moves.map((move) => [move.name, move]));
  return [
    ...differences('server', before.server, after.server),
    ...after.moves.flatMap((move) => {
      const earlier = old.get(move.name);
      return earlier ? differences(`moves.${move.name}`, earlier, move) : [];
    }),
  ];
}

function differences(fact: string, before: unknown, after: unknown): ChangedFact[] {
  if (FLEETING.has(fact.slice(fact.lastIndexOf('.') + 1))) return [];
  const [old, now] = [partsOf(before), partsOf(after)];
  if (old && now) {
    const names = [...new Set([...old.keys(), ...now.keys()])];
    return names.flatMap((name) => differences(`${fact}.${name}`, old.get(name), now.get(name)));
  }
  const pair = { fact, before: before ?? null, after: after ?? null };
  return JSON.stringify(pair.before) === JSON.stringify(pair.after) ? [] : [pair];
}

/** What a value is made of, by name; null where it is one value: a number and how it was come by are one, too. */
function partsOf(value: unknown): Map<string, unknown> | null {
  if (typeof value !== 'object' || value === null || 'how' in value) return null;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const names = value.map(nameIn);
  // Things in a list are told apart by their names, wherever they stand.
  return names.includes(undefined) ? null : new Map(value.map((item, at) => [names[at]!, item]));
}

function nameIn(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { type, group, name, address } = item as Record<string, unknown>;
  const named = [type, group, name, address].find((given) => given !== undefined);
  return named === undefined ? undefined : String(named ?? '(none)');
}
