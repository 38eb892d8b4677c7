import type { CheckSpec } from '../checks/index.ts';
import type { BackDrain } from './host.ts';
import type { AnyStepKind, StepOutline } from './step.ts';

/** What undoes a step: what its kind infers, nothing, or steps that the plan names. */
export type UndoChoice = 'auto' | 'none' | readonly PlannedStep[];

/** One step of a plan, resolved: variables put in, defaults filled in, expanded. */
export interface PlannedStep {
  /** Unique: `live/25`. */
  id: string;
  stage: string | null;
  kind: AnyStepKind;
  /** As the kind's schema gives it. */
  params: unknown;
  outline: StepOutline;
  timeoutMs: number;
  undoTimeoutMs: number;
  /** Tries after the first. */
  retries: number;
  retryDelayMs: number;
  repeatable: boolean;
  undo: UndoChoice;
  /** A command that says whether it is so already, in place of the kind's own check: exit code 0, it is. */
  check: readonly string[] | null;
  /** From this step on there is no way back, or only a partial one. */
  pointOfNoReturn: boolean;
  /** What a failure means, where it is not a check's. */
  onFailure: 'rollback' | 'pause';
  /** Line in the plan's file, from 1. */
  line: number;
}

/** A check of a plan: in the background from one step to another, or only where a step asks for it. */
export interface PlannedCheck extends CheckSpec {
  /** Id (before expansion) of the step before which it begins; null: with the first; `never`: only where `monitor` names it. */
  from: string | null;
  /** Id (before expansion) of the last step during which it is watched; null: until the end. */
  until: string | null;
  /** A failing baseline does not keep the run from starting. */
  allowFailing: boolean;
}

/** A time in which nobody consumes: bounded, else back. */
export interface PlannedFreeze {
  name: string;
  /** Ids before expansion: the pause begins with the start of one and ends with the end of the other. */
  from: string;
  to: string;
  maxPauseMs: number;
}

/** When it may begin. */
export interface PlannedWindow {
  /** RFC 3339, or a time of day `HH:MM`; null: at any time. */
  notBefore: string | null;
  notAfter: string | null;
  /** IANA name; null: that of the host. */
  timezone: string | null;
  jitterMs: number;
}

/** Who is told of what. */
export interface PlannedNotification {
  on: readonly ('started' | 'waiting' | 'paused' | 'rollingBack' | 'completed' | 'rolledBack' | 'failed')[];
  step: PlannedStep;
}

/** How it goes back. */
export interface PlannedRollback {
  /** The worst case must not take longer; null: no matter. */
  budgetMs: number | null;
  /** Names of checks that show that the old side is healthy again. */
  health: readonly string[];
  healthTimeoutMs: number;
  /** Messages that go back, besides those of `drain` steps. */
  returns: readonly BackDrain[];
  /** The most that each of these returns may take. */
  returnTimeoutMs: number;
  /** Ctrl-C goes back instead of leaving the run to be resumed. */
  onInterrupt: boolean;
  /** How long after completion the old side is kept so that a rollback needs no checks; for the text of the plan. */
  keepMs: number | null;
}

/** A plan, resolved. Plain data but for the kinds; running it is the runner's. */
export interface CutoverPlan {
  /** Path as given; the text itself stands in `text`. */
  path: string;
  text: string;
  /** `sha256:…` over the text and the values of the variables that are not secret. */
  hash: string;
  name: string;
  /** Of qctl.yaml, where no flag and no variable of the environment names another; null: none is named. */
  profile: string | null;
  /** Of the lock. */
  lock: string;
  /** Values that were put in, without the secret ones. */
  variables: Readonly<Record<string, string>>;
  /** Values to be hidden wherever they show. */
  secrets: readonly string[];
  window: PlannedWindow;
  baseline: { durationMs: number } | null;
  /** Checks that must pass once before the start. */
  preflight: readonly string[];
  checks: readonly PlannedCheck[];
  steps: readonly PlannedStep[];
  freezes: readonly PlannedFreeze[];
  rollback: PlannedRollback;
  notify: readonly PlannedNotification[];
}
