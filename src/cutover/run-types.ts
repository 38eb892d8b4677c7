import type { CheckSummary, Measurement } from '../checks/index.ts';
import type { Json, StepResult } from './step.ts';

/**
 * Where a run stands. `running`: at work, or its process is gone and it is to be resumed. `waiting`: for
 * approval, the window or a lock. `paused`: by an operator or a check. `rollingBack`: on its way back. The
 * others are ends: `completed` (may still be rolled back), `rolledBack`, `rollbackFailed`.
 */
export type RunState =
  | 'running'
  | 'waiting'
  | 'paused'
  | 'rollingBack'
  | 'completed'
  | 'rolledBack'
  | 'rollbackFailed';

/** Where a step stands. `unknown`: it was begun, and nobody knows whether it was done. */
export type StepState =
  | 'pending'
  | 'running'
  | 'applied'
  | 'already'
  | 'failed'
  | 'unknown'
  | 'undoing'
  | 'undone'
  | 'undoFailed';

/** What a line of the journal tells. */
export type JournalEvent =
  /** The first line: plan, text, variables, tool version. */
  | {
      event: 'run';
      plan: string;
      hash: string;
      path: string;
      text: string;
      variables: Record<string, string>;
      version: string;
      rehearsal: boolean;
      /** Of qctl.yaml, as it was in force; null: none was. */
      profile?: string | null;
      /** Folder in which the run was started: relative paths of its plan count from there. */
      cwd?: string;
      /** The Redis in which it was begun, without user or password. */
      redis?: string;
      /** Absolute paths of the files of the configuration, the strongest first. */
      files?: string[];
    }
  /** A process has taken the run up again, or is about to roll it back. */
  | { event: 'resume' }
  | { event: 'baseline'; values: Record<string, number | null>; failing: string[] }
  /** Written before a step is applied. */
  | { event: 'intent'; step: string; memento: Json; attempt: number; repeatable: boolean }
  | { event: 'applied'; step: string; result: StepResult; ms: number; assumed?: boolean }
  /** It was so already: it is not undone either. */
  | { event: 'already'; step: string }
  | { event: 'failed'; step: string; why: string; tail: string | null; ms: number }
  | { event: 'undo'; step: string; part: number }
  | { event: 'undone'; step: string; result: StepResult; ms: number; assumed?: boolean }
  | { event: 'undoFailed'; step: string; why: string; byHand: string[]; ms: number }
  | { event: 'check'; measurement: Measurement }
  | { event: 'approved'; step: string; by: string }
  /** `dataLost`: what is asked is what is to follow after such a loss. */
  | { event: 'paused'; by: string; why: string; dataLost?: true }
  /** Redis has lost what steps had put there. */
  | { event: 'dataLost' }
  | { event: 'resumed'; by: string }
  | { event: 'rollback'; by: string; why: string }
  | { event: 'note'; text: string }
  | { event: 'end'; state: RunState; why: string | null };

/** What the first line tells. */
export type FirstLine = Extract<JournalEvent, { event: 'run' }>;

/** One line of the journal. */
export type JournalLine = JournalEvent & {
  v: 1;
  run: string;
  /** From 1, without a gap. */
  seq: number;
  /** RFC 3339. */
  at: string;
  /** Of the lock: a smaller number than the run's own writes nothing any more. */
  fence: number;
  /** `user@host`. */
  by: string;
  host: string;
  pid: number;
};

/** One step, as status and report show it. */
export interface StepStatus {
  id: string;
  stage: string | null;
  kind: string;
  does: string;
  state: StepState;
  /** RFC 3339. */
  startedAt: string | null;
  ms: number | null;
  /** What was done, or why it failed. */
  text: string | null;
  left: string[];
}

/** One look at a run; every renderer starts from it. */
export interface CutoverStatus {
  run: string;
  plan: string;
  hash: string;
  state: RunState;
  rehearsal: boolean;
  startedAt: string;
  endedAt: string | null;
  by: string;
  host: string;
  pid: number;
  /** False: no process is at work on it, though it is not at its end. */
  alive: boolean;
  /** Id of the step in hand; null: none. */
  step: string | null;
  stepIndex: number;
  stepCount: number;
  /** Why nothing moves, who holds it and since when; null while something does. */
  waitingFor: string | null;
  /** RFC 3339. */
  waitingSince: string | null;
  /** Who has ordered a pause, and why, while the step in hand goes on; null: nobody, or it is paused by now. */
  pauseOrdered: string | null;
  /** What comes next: id and description of the next step; null: nothing. */
  next: { step: string; does: string } | null;
  /** When it comes, at the earliest (RFC 3339); null where nobody knows. */
  nextAt: string | null;
  earliestEnd: string | null;
  /** Why it went back, or failed. */
  why: string | null;
  /** True once a step without way back was applied. */
  pastNoReturn: boolean;
  steps: StepStatus[];
  checks: CheckSummary[];
  rollback: RollbackStatus | null;
}

/** What became of the way back. */
export interface RollbackStatus {
  by: string;
  why: string;
  startedAt: string;
  /** From the failing measurement, or the order, to the old side shown to be healthy; null: not yet, or no check was asked. */
  healthyMs: number | null;
  /** Until everything was undone;  null: not yet, or no check was asked. */
  ms: number | null;
  budgetMs: number | null;
  undone: number;
  failures: { step: string; why: string; byHand: string[] }[];
}
