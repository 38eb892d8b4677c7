import type { RunOptions, RunOutcome } from '../backends/process/index.ts';
import type { RedisConnection } from '../backends/redis/index.ts';
import type { CheckSummary, takeBaseline, watchChecks } from '../checks/index.ts';
import type { Finding } from '../model/finding.ts';
import type { BackupStore } from './backup.ts';
import type { BackDrain } from './host.ts';
import type { CutoverPlan } from './plan-types.ts';
import type { ReturnWorld } from './return-messages.ts';
import type { CutoverStatus, RollbackStatus, RunState, StepStatus } from './run-types.ts';
import type { StepResult } from './step.ts';

/** As `src/checks` has it. */
export type WatchChecks = typeof watchChecks;
/** As `src/checks` has it. */
export type TakeBaseline = typeof takeBaseline;

/** How long a plan takes; as `arithmetic.ts` has it. */
export interface PlanTimes {
  earliestMs: number;
  worstRollbackMs: number;
  parts: { step: string; ms: number }[];
  noticeMs: number;
}

/** Stands in for the outside in a rehearsal. */
export interface Sandbox {
  /** @param loose what a stand-in does not know is only noted, as other programs are */
  command(options: RunOptions, loose: boolean): Promise<RunOutcome>;
  path(path: string): string;
  key(name: string): string;
  redis?(): Promise<RedisConnection>;
}

/** What the runner uses and others write. */
export interface CutoverParts {
  watchChecks: WatchChecks;
  takeBaseline: TakeBaseline;
  arithmetic?(plan: CutoverPlan): PlanTimes;
  /** Gives unfinished messages back. May be called again after it was broken off. */
  returnMessages(back: BackDrain, world: ReturnWorld): Promise<StepResult>;
  /** Keeps copies in this folder, which may not be there yet. */
  backups(folder: string): BackupStore;
  sandbox?: Sandbox;
}

/** How a run is run. Times in ms. */
export interface CutoverOptions {
  parts: CutoverParts;
  /** For journals and backups; made where it is not there. */
  stateFolder: string;
  /** Of qctl. */
  version: string;
  /** Of qctl.yaml, in force where a run begins: it is kept with the run. Default null: none. */
  profile?: string | null;
  /** Folder in which a run begins, kept with it: relative paths of its plan count from there. Default: the current one. */
  cwd?: string;
  /** Files of the configuration, the strongest first, in force where a run begins: they are kept with the run. */
  files?: string[];
  /** Why it is done, for those who find the lock held. */
  reason?: string;
  /** Default 0: a lock that is held refuses at once. */
  lockWaitMs?: number;
  /** A process that is silent for longer may be replaced. Default 15 s. */
  leaseMs?: number;
  /** How often it is looked what operators say. Default 500 ms. */
  pollMs?: number;
  /** What a step gets to clean up after its signal. Default 5 s. */
  graceMs?: number;
  /** Ends, to be resumed, where it would wait for a person. Default false. */
  leaveWhenHeld?: boolean;
  /** Asks before each step, on the terminal. Default false. */
  confirmEach?: boolean;
  /** Of the step that was begun, and is in flight or has failed: nobody knows whether it was done. */
  assume?: 'done' | 'undone';
  /**
   * Of the way back: what an operator has undone by hand, by id, also `rollback.returns/1`. `rollback.health`: the old
   * side is healthy, whatever its checks say.
   */
  assumeUndone?: readonly string[];
  /** Goes on although the plan is another by now. */
  acceptPlanChange?: boolean;
  /** Goes on although this Redis does not know the run, and is another than the one where it was begun. */
  acceptOtherRedis?: boolean;
  /**
   * The operator vouches that no other process is at work on the run: where Redis does not answer the way back
   * begins, and goes on, without it.
   */
  withoutRedis?: boolean;
  /** Goes back although a later run under the same lock has not. */
  allowLater?: boolean;
  rehearsal?: boolean;
  /** Share of the jitter that is waited, 0 to 1. Default Math.random. */
  random?(): number;
}

/** What the runner tells while it works. It never prints. */
export interface CutoverEvents {
  /** At each change. */
  status?(status: CutoverStatus): void;
  /** Something an operator should know, once, as a sentence. */
  note?(text: string): void;
  finding?(finding: Finding): void;
}

/** How it came out. */
export interface CutoverReport {
  run: string;
  plan: string;
  /** `stopped`: it is to be resumed; `state` says where it stands. */
  ending: 'completed' | 'stopped' | 'rolledBack' | 'rollbackFailed';
  state: RunState;
  /** Why it was stopped or went back; null where it simply came to its end. */
  why: string | null;
  /** It stood like this already: this process has done nothing. */
  nothingDone: boolean;
  startedAt: string;
  endedAt: string | null;
  steps: StepStatus[];
  checks: CheckSummary[];
  rollback: RollbackStatus | null;
  /** What is to be done by hand, or is left over. */
  left: string[];
  notes: string[];
  /** Path of the journal. */
  journal: string;
}
