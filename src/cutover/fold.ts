import type { JournalLine, RunState, StepState } from './run-types.ts';
import type { Json, StepResult } from './step.ts';

/** What the journal tells of one step. */
export interface FoldedStep {
  state: StepState;
  /** Of the first intent: how things stood before anything was tried. */
  memento: Json;
  attempts: number;
  /** RFC 3339; null: it was not begun. */
  startedAt: string | null;
  /** RFC 3339; null: it has not succeeded. */
  appliedAt: string | null;
  ms: number | null;
  text: string | null;
  left: string[];
  /** Parts of its undo that were begun. */
  undoParts: number;
}

/** One way back. */
export interface FoldedRollback {
  by: string;
  why: string;
  /** RFC 3339. */
  startedAt: string;
  failures: { step: string; why: string; byHand: string[] }[];
}

/** A run as its journal tells it. */
export interface FoldedRun {
  run: string;
  plan: string;
  hash: string;
  rehearsal: boolean;
  startedAt: string;
  by: string;
  /** Where it was started. */
  host: string;
  /** Folder in which it was started; null: the journal is older than that. */
  cwd: string | null;
  /** By id; what is not in it was not begun. Returns of messages stand under ids of their own. */
  steps: Map<string, FoldedStep>;
  baseline: Record<string, number | null> | null;
  approvals: Map<string, { by: string; at: string }>;
  paused: { by: string; why: string } | null;
  /** Redis has lost what steps had put there, and nobody was asked what is to follow. */
  dataLost: boolean;
  /** The newest; null: none was begun. */
  rollback: FoldedRollback | null;
  /** How it ended; null: it has not, or was taken up since. */
  end: { state: RunState; why: string | null; at: string } | null;
  /** Highest number of the lock. */
  fence: number;
}

/** Whether a step was tried, however that went. */
export function isBegun({ folded }: { folded: FoldedRun }, { id }: { id: string }): boolean {
  return (folded.steps.get(id)?.attempts ?? 0) > 0;
}

/** Reads a journal from its first line to its last. */
export function foldJournal(lines: readonly JournalLine[]): FoldedRun {
  const first = lines[0] as Extract<JournalLine, { event: 'run' }>;
  const folded: FoldedRun = {
    run: first.run,
    plan: first.plan,
    hash: first.hash,
    rehearsal: first.rehearsal,
    startedAt: first.at,
    ...{ by: first.by, host: first.host, cwd: first.cwd ?? null },
    steps: new Map(),
    baseline: null,
    approvals: new Map(),
    paused: null,
    dataLost: false,
    rollback: null,
    end: null,
    fence: 0,
  };
  for (const line of lines) foldLine(folded, line);
  return folded;
}

/** Adds one more line. */
export function foldLine(folded: FoldedRun, line: JournalLine): void {
  folded.fence = Math.max(folded.fence, line.fence);
  if ('step' in line && line.event !== 'approved') foldStep(folded, line);
  if (line.event === 'baseline') folded.baseline = line.values;
  if (line.event === 'approved') folded.approvals.set(line.step, { by: line.by, at: line.at });
  if (line.event === 'paused') folded.paused = { by: line.by, why: line.why };
  if (line.event === 'dataLost') folded.dataLost = true;
  if (line.event === 'paused' && line.dataLost) folded.dataLost = false;
  if (line.event === 'resumed') folded.paused = null;
  if (line.event === 'resume') folded.end = null;
  if (line.event === 'rollback') beginRollback(folded, line);
  if (line.event === 'end') folded.end = { state: line.state, why: line.why, at: line.at };
}

function beginRollback(
  folded: FoldedRun,
  { by, why, at }: Extract<JournalLine, { event: 'rollback' }>,
): void {
  folded.rollback = { by, why, startedAt: at, failures: [] };
  folded.paused = null;
}

function foldStep(folded: FoldedRun, line: Extract<JournalLine, { step: string }>): void {
  const step = stepOf(folded, line.step);
  switch (line.event) {
    case 'intent':
      if (step.attempts === 0) Object.assign(step, { memento: line.memento, startedAt: line.at });
      step.attempts = line.attempt;
      set(step, 'running', null);
      break;
    case 'applied':
      step.appliedAt = line.at;
      done(step, 'applied', line.result, line.ms);
      break;
    case 'already':
      Object.assign(step, { startedAt: line.at, appliedAt: line.at });
      set(step, 'already', null);
      break;
    case 'failed':
      step.ms = line.ms;
      set(step, 'failed', line.why);
      break;
    case 'undo':
      step.undoParts = Math.max(step.undoParts, line.part + 1);
      step.left = [];
      set(step, 'undoing', null);
      break;
    case 'undone':
      forgetFailure(folded, line.step);
      done(step, 'undone', line.result, line.ms);
      break;
    case 'undoFailed':
      forgetFailure(folded, line.step);
      folded.rollback?.failures.push({ step: line.step, why: line.why, byHand: line.byHand });
      step.left = line.byHand;
      step.ms = line.ms;
      set(step, 'undoFailed', line.why);
      break;
  }
}

/** What has failed before, and did not the next time, is no failure any more. */
function forgetFailure({ rollback }: FoldedRun, step: string): void {
  if (rollback) rollback.failures = rollback.failures.filter((one) => one.step !== step);
}

function stepOf({ steps }: FoldedRun, id: string): FoldedStep {
  const known = steps.get(id);
  if (known) return known;
  const step: FoldedStep = {
    ...{ state: 'pending', memento: null, attempts: 0, startedAt: null, appliedAt: null },
    ...{ ms: null, text: null, left: [], undoParts: 0 },
  };
  steps.set(id, step);
  return step;
}

function set(step: FoldedStep, state: StepState, text: string | null): void {
  step.state = state;
  step.text = text;
}

function done(step: FoldedStep, state: StepState, { text, left }: StepResult, ms: number): void {
  set(step, state, text);
  step.ms = ms;
  step.left = left ?? [];
}

/** How many messages drains that were shown to be complete have brought into a stream, each drain counted once. */
export function brought(lines: readonly JournalLine[], stream: string): number {
  const byDrain = new Map<string, number>();
  for (const line of lines) {
    if (line.event !== 'applied' || line.result.positions?.stream !== stream) continue;
    const { drain, appended } = line.result.positions;
    byDrain.set(String(drain), Math.max(byDrain.get(String(drain)) ?? 0, Number(appended)));
  }
  return [...byDrain.values()].reduce((sum, count) => sum + count, 0);
}
