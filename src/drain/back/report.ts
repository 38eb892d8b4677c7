import type { Finding } from '../../model/finding.ts';
import { grouped } from '../../model/grouped.ts';
import { plural } from '../../model/plural.ts';
import { leftConsumerOf } from '../../sources/redis-stream/index.ts';
import type { Ending } from '../report.ts';
import type { BackManifest } from './attach.ts';
import type { Seen } from './lane-tools.ts';
import type { BackTotals } from './totals.ts';

/** The proof at the end of a way back; the same from `drain redis` and `verify`. */
export interface BackReport extends BackTotals {
  type: 'report';
  run: string;
  state: string;
  mode: 'back';
  source: string;
  target: string;
  stream: string;
  partitions: number;
  group: string;
  from: string | null;
  ending: Ending | null;
  elapsedMs: number | null;
  ratePerSecond: number | null;
  /** In the stream and still to go back: pending with others, or not delivered. Null: not looked at. */
  remaining: { pending: number; undelivered: number | null; waiting: number } | null;
  /** Acknowledged by consumers and never taken; null: more than was counted. */
  finished: number | null;
  /** What the destination says of this run; null where it cannot tell. */
  destinationCount: number | null;
  goneIds: string[];
  /** Consumers finished these while they were on their way: done by both sides. */
  finishedMeanwhile: string[];
  /** Consumers claimed these while they were on their way. */
  claimedMeanwhile: string[];
  /** These were in hand of a run that was given up: they may stand in its destination as well. */
  inherited: string[];
  /** `exactly-once`, or `at-least-once`. */
  guarantee: string;
  /** The consumer with which stays pending what has not gone back. */
  leftConsumer: string;
  /** True where the destination does not have what was acknowledged. */
  differs: boolean;
  converged: boolean;
  problems: string[];
  notes: string[];
}

/** What a report is made of. */
export interface BackParts {
  manifest: BackManifest;
  state: string;
  totals: BackTotals;
  ending: Ending | null;
  elapsedMs: number | null;
  takenByThisProcess: number | null;
  alive: number;
  remaining: BackReport['remaining'];
  finished: number | null;
  destinationCount: number | null;
  guarantee: string;
  seen: Seen;
  findings: Finding[];
  destinationNotes: string[];
}

/** Puts the report together and judges it. */
export function makeBackReport(parts: BackParts): BackReport {
  const { manifest, totals, seen } = parts;
  const problems = findProblems(parts);
  return {
    type: 'report',
    run: manifest.run,
    state: parts.state,
    mode: 'back',
    source: manifest.source.label,
    target: manifest.target.label,
    stream: manifest.target.stream,
    partitions: manifest.target.partitions,
    group: manifest.back.group,
    from: manifest.back.from,
    ending: parts.ending,
    elapsedMs: parts.elapsedMs === null ? null : Math.round(parts.elapsedMs),
    ratePerSecond: rate(parts),
    ...totals,
    remaining: parts.remaining,
    finished: parts.finished,
    destinationCount: parts.destinationCount,
    goneIds: seen.gone,
    finishedMeanwhile: seen.finishedMeanwhile,
    claimedMeanwhile: seen.claimedMeanwhile,
    inherited: seen.inherited,
    guarantee: parts.guarantee,
    leftConsumer: leftConsumerOf(manifest.run),
    differs: lacks(parts) > 0,
    converged: problems.length === 0,
    problems,
    notes: [
      ...parts.findings.filter(({ level }) => level !== 'blocker').map(({ text }) => text),
      ...parts.destinationNotes,
    ],
  };
}

function rate({ elapsedMs, takenByThisProcess }: BackParts): number | null {
  if (!elapsedMs || takenByThisProcess === null) return null;
  return Math.round((takenByThisProcess / elapsedMs) * 1000);
}

/** Entries that were acknowledged as returned by this run, and that the destination's own count lacks. */
function lacks({ destinationCount, totals }: BackParts): number {
  return destinationCount === null
    ? 0
    : Math.max(0, totals.returned + totals.alreadyThere - destinationCount);
}

function findProblems(parts: BackParts): string[] {
  const { totals, remaining, alive, ending, seen } = parts;
  const problems: string[] = [];
  const entries = (count: number): string => `${grouped(count)} ${plural(count, 'entry')}`;
  if (totals.inHand > 0) problems.push(`${entries(totals.inHand)} taken and not acknowledged yet`);
  if (totals.left > 0)
    problems.push(
      `${entries(totals.left)} could not be given back and ${totals.left === 1 ? 'stays' : 'stay'} pending`,
    );
  if (ending !== 'limit' && remaining) {
    if (remaining.pending > 0) problems.push(`${entries(remaining.pending)} pending with other consumers`);
    if (remaining.waiting > 0)
      problems.push(
        `${grouped(remaining.waiting)} ${plural(remaining.waiting, 'message is')} not due and ${plural(remaining.waiting, 'waits')} beside the stream${seen.whyWaiting === undefined ? '' : ` (${seen.whyWaiting})`}`,
      );
    if (remaining.undelivered !== 0)
      problems.push(
        `${remaining.undelivered === null ? 'many' : grouped(remaining.undelivered)} ${plural(remaining.undelivered ?? 0, 'entry')} not delivered yet`,
      );
  }
  if (lacks(parts) > 0)
    problems.push(
      `the ledger lacks ${entries(lacks(parts))} of this run that ${lacks(parts) === 1 ? 'was' : 'were'} acknowledged`,
    );
  if (totals.disturbed > 0)
    problems.push(
      `consumers acknowledged or claimed ${entries(totals.disturbed)} while they were given back: these may be done twice`,
    );
  if (totals.doubtful > 0) problems.push(`${entries(totals.doubtful)} may stand in the queue twice`);
  if (seen.inherited.length > 0)
    problems.push(
      `${entries(seen.inherited.length)} may stand in the destination of an abandoned run as well`,
    );
  if (alive > 0 && ending !== null) problems.push(`${alive} other processes are still at work on this run`);
  return problems;
}
