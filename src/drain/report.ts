import type { Receivers } from '../events.ts';
import type { Finding } from '../model/finding.ts';
import { grouped } from '../model/grouped.ts';
import { plural } from '../model/plural.ts';
import type { Depth, Unevaluated } from '../sources/source.ts';
import { dueText } from '../streams/index.ts';
import { type Differing, NO_DIFFERENCE } from './compare.ts';
import type { ShownDecision } from './decision.ts';
import type { Due } from './due.ts';
import type { Handover } from './handover.ts';
import type { Manifest } from './manifest.ts';
import { type LeftInSource, leftNotes } from './passed-over.ts';
import { findProblems } from './report-problems.ts';
import type { SourceChange } from './source-watch.ts';
import type { Totals } from './totals.ts';
import { UNEVALUATED } from './unevaluated.ts';
import type { Verification } from './verify.ts';

/** Why a drain came to its end. */
export type Ending = 'empty' | 'limit' | 'until' | 'signal' | 'left over' | 'stopped';

/** The proof at the end of a run; the same from `drain`, `drain status` and `verify`. */
export interface DrainReport {
  type: 'report';
  run: string;
  state: string;
  mode: 'move' | 'copy';
  source: string;
  target: string;
  stream: string;
  partitions: number;
  /** Null where nobody has just ended. */
  ending: Ending | null;
  elapsedMs: number | null;
  /** This process alone: what it has read in the time until its last message, without the wait for more. */
  ratePerSecond: number | null;
  readByThisProcess: number | null;
  workMs: number | null;
  /** Of the run, over all processes and crashes. */
  read: number;
  appended: number;
  duplicatesSuppressed: number;
  settled: number;
  quarantined: number;
  /** Lost by the target, in a failover or a restart, while the source still had them, and appended again. */
  reappended: number;
  /** Not due when they were taken: put aside, and moved into the stream since or still waiting. */
  scheduled: number;
  /** Of these, still waiting. */
  waiting: number;
  /** When the first and the last of what waits for the stream is due (RFC 3339); null where nothing does. */
  nextDueAt: string | null;
  lastDueAt: string | null;
  /** Taken, and not yet confirmed by the source. */
  open: number;
  /** In the source and still to be drained; null where unknown. */
  remaining: number | null;
  inFlight: number | null;
  delayed: number | null;
  /** Left in the source on purpose, because --filter does not match; null where everything was asked for. */
  unmatched: number | null;
  /** Left in the source because --filter or --type cannot be evaluated for it; null where there is none. */
  unevaluated: Unevaluated | null;
  /** Entries of the run found in the stream; null where not looked. */
  entries: number | null;
  gone: number | null;
  digest: Verification['digest'];
  differing: Differing;
  /** What happened to the source meanwhile and not because of the run. */
  sourceChanges: SourceChange[];
  /** Messages that stay in the source because they are not wanted, and why; null where all were. */
  passedOver: LeftInSource['counts'] | null;
  /** SQS: receivers at the end, and why so many. */
  receivers: Receivers | null;
  /** True only where it was shown that nothing is missing, doubled or left over. */
  converged: boolean;
  /** Why not, each as a sentence. */
  problems: string[];
  /** What the infrastructure may forget, and other things to know. */
  notes: string[];
  quarantineStreams: string[];
  /** What this process has archived; null where nothing was to be. */
  archive: { file: string; messages: number } | null;
  /** Who holds the run; null where nobody does. */
  paused: ShownDecision | null;
  /** Who has told it to stop; null where nobody has. */
  stopped: ShownDecision | null;
  /** What the other side starts from; null where nothing was appended. */
  handover: Handover | null;
}

/** What a report is made of. */
export interface ReportParts {
  manifest: Manifest;
  state: string;
  totals: Totals;
  verification: Verification | null;
  depth: Depth;
  ending: Ending | null;
  elapsedMs: number | null;
  readByThisProcess: number | null;
  /** Time until this process's last message; the rate goes by it. */
  workMs: number | null;
  alive: number;
  archive: DrainReport['archive'];
  findings: Finding[];
  sourceChanges: SourceChange[];
  left: LeftInSource | null;
  unevaluated: Unevaluated | null;
  receivers: Receivers | null;
  quarantineStreams: string[];
  /** When what waits is due; null where nothing does. */
  due: Due | null;
  paused: ShownDecision | null;
  stopped: ShownDecision | null;
  handover: Handover | null;
}

/** Puts the report together and judges it. */
export function makeReport(parts: ReportParts): DrainReport {
  const { manifest, totals, verification, depth } = parts;
  const copied = totals.appended + totals.scheduled + totals.quarantined;
  const remaining =
    manifest.mode === 'copy' && depth.ready !== null ? Math.max(0, depth.ready - copied) : depth.ready;
  const differing = verification?.differing ?? NO_DIFFERENCE;
  const problems = findProblems(parts, remaining, differing);
  return {
    type: 'report',
    run: manifest.run,
    state: parts.state,
    mode: manifest.mode,
    source: manifest.source.label,
    target: manifest.target.label,
    stream: manifest.target.stream,
    partitions: manifest.target.partitions,
    ending: parts.ending,
    elapsedMs: parts.elapsedMs === null ? null : Math.round(parts.elapsedMs),
    ratePerSecond: rate(parts),
    readByThisProcess: parts.readByThisProcess,
    workMs: parts.workMs === null ? null : Math.round(parts.workMs),
    read: copied + totals.duplicatesSuppressed,
    appended: totals.appended,
    duplicatesSuppressed: totals.duplicatesSuppressed,
    settled: totals.settled,
    quarantined: totals.quarantined,
    reappended: totals.reappended,
    scheduled: totals.scheduled,
    waiting: totals.waiting,
    nextDueAt: dueText(parts.due?.nextDueMs ?? null),
    lastDueAt: dueText(parts.due?.lastDueMs ?? null),
    open: totals.open,
    remaining,
    inFlight: depth.inFlight,
    delayed: depth.delayed,
    unmatched: depth.unmatched ?? null,
    unevaluated: parts.unevaluated,
    entries: verification?.entries ?? null,
    gone: verification?.gone ?? null,
    digest: verification?.digest ?? null,
    differing,
    sourceChanges: parts.sourceChanges,
    passedOver: parts.left?.counts ?? null,
    receivers: parts.receivers,
    converged: problems.length === 0,
    problems,
    notes: notes(parts),
    quarantineStreams: totals.quarantined > 0 ? parts.quarantineStreams : [],
    archive: parts.archive,
    paused: parts.paused,
    stopped: parts.stopped,
    handover: parts.handover,
  };
}

function rate({ workMs, readByThisProcess }: ReportParts): number | null {
  if (!workMs || readByThisProcess === null) return null;
  return Math.round((readByThisProcess / workMs) * 1000);
}

function waitingNote({ totals, due, manifest }: ReportParts): string[] {
  if (totals.waiting === 0) return [];
  const [next, last] = [dueText(due?.nextDueMs ?? null), dueText(due?.lastDueMs ?? null)];
  const when = next === null ? '' : next === last ? `, due at ${next}` : `, due from ${next} to ${last}`;
  return [
    `${grouped(totals.waiting)} ${plural(totals.waiting, 'message waits')} until ${plural(totals.waiting, 'it is')} due${when}; once no drain is at work, \`qctl maintain --stream ${manifest.target.stream} --follow\` moves them, or \`qctl maintain\` from cron`,
  ];
}

function notes(parts: ReportParts): string[] {
  const { verification, findings, manifest, depth, left, sourceChanges } = parts;
  const said = findings
    .filter(({ level, code }) => level !== 'blocker' && code !== UNEVALUATED)
    .map((finding) => finding.text);
  said.push(...waitingNote(parts));
  if (depth.unmatched) said.push(`left in the source by --filter: ${grouped(depth.unmatched)}`);
  if (left) said.push(...leftNotes(left));
  for (const change of sourceChanges) if (change.level === 'note') said.push(change.text);
  if (verification?.gone)
    said.push(
      `${grouped(verification.gone)} ${plural(verification.gone, 'entry')} deleted or trimmed from the stream after being appended`,
    );
  if (verification && manifest.fields)
    said.push('the entries have a shape of their own (fields:), so they are counted and not compared');
  return said;
}
