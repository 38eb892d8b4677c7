import type * as z from 'zod';
import type { RunOptions, RunOutcome } from '../backends/process/index.ts';
import type { RedisConnection } from '../backends/redis/index.ts';
import type { Finding } from '../model/finding.ts';
import type { BackupStore } from './backup.ts';
import type { CutoverHost } from './host.ts';

/** What JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/**
 * When an undo has its turn in a rollback, which goes backwards over the steps:
 *
 * - `file`: configuration that a service reads when it starts. In its turn.
 * - `refresh`: makes a service read it (restart, daemon-reload). In an unbroken run of `file` and `refresh`
 *   steps the files are undone first, backwards, then the refreshes, forwards.
 * - `raise`: brings something of the old side up. In its turn.
 * - `lower`: stops something of the new side. Held back until everything is raised and the old side has been
 *   shown to be healthy, unless another undo raises the same `resource`.
 * - `return`: gives messages back. After everything else.
 * - `plain`: in its turn.
 */
export type UndoOrder = 'file' | 'refresh' | 'raise' | 'lower' | 'return' | 'plain';

/** What would undo a step. */
export interface UndoOutline {
  /** `start worker-old.service`. */
  does: string;
  order: UndoOrder;
  /** What is raised or lowered: `systemd:worker.service`. */
  resource?: string;
  /** The most it may take where the plan says nothing else, in ms. */
  timeoutMs: number;
}

/** What is known of a step without running it. */
export interface StepOutline {
  /** As an order: `stop worker-old.service`. No secret. */
  does: string;
  /** `nothing`: it changes nothing. `missing`: it does, and nothing is known that would undo it. */
  undo: UndoOutline | 'nothing' | 'missing';
  /** Whether it may be done again where nobody knows whether it was done. */
  repeatable: boolean;
  /** The least it takes, in ms: what it waits for on purpose. */
  earliestMs: number;
  /** The most it may take where the plan says nothing else, in ms. */
  timeoutMs: number;
  /** What will be asked of a person: `the old workers are stopped`; null: nothing. */
  asks: string | null;
  /** Variables that commands get from this step on, until another step says otherwise: QCTL_PERCENT. */
  variables?: Readonly<Record<string, string>>;
}

/** How a step went. Goes into the journal: no secret, no body. */
export interface StepResult {
  /** What was done, as a sentence without capital and full stop: `worker-old.service is inactive`. */
  text: string;
  /** Where things stood: last entry of a stream, messages moved. */
  positions?: Record<string, string | number>;
  /** The end of what a command printed, 2 KiB at most. */
  tail?: string;
  /** What is left to be done by hand, or is left over. */
  left?: string[];
}

/** All that a step may touch. In a rehearsal files, commands and names are those of a sandbox. */
export interface StepWorld {
  run: string;
  /** When the run was started, RFC 3339. */
  startedAt: string;
  /** How many messages the drains of the run have brought into a stream, as far as they were shown to be complete. */
  brought(stream: string): number;
  /** Name of the plan. */
  plan: string;
  /** Id of the step. */
  step: string;
  /** Of a notification: what is told of, as no other time. */
  occasion?: string;
  rehearsal: boolean;
  host: CutoverHost;
  /** How long the step may take in all, in ms, where the plan says so; for time-outs of servers. */
  timeoutMs?: number;
  /** Aborted when the time of the step is over, or the run is to end: clean up and reject. */
  signal: AbortSignal;
  /** Runs a program; never through a shell. In a rehearsal a stub stands in for it. */
  command(options: Omit<RunOptions, 'signal'>): Promise<RunOutcome>;
  /** Where a path of the plan leads, also in a rehearsal: for what is only read. Throws as `path`. */
  readFrom(path: string): string;
  /**
   * The file to be read and written in place of this one: itself, or its copy in a rehearsal. What is relative
   * counts from the folder in which the run was started; throws `failed` where this host does not have it.
   */
  path(path: string): string;
  /** The name of a route or key that is written in place of this one: itself, or one of the sandbox. */
  key(name: string): string;
  backups: BackupStore;
  redis(): Promise<RedisConnection>;
  /** Variables that each command gets: QCTL_RUN, QCTL_PLAN, QCTL_STEP, QCTL_STAGE, QCTL_PERCENT, QCTL_DRY_RUN. */
  variables: Readonly<Record<string, string>>;
  /** Hides what is secret in a text. */
  redact(text: string): string;
  /** From now on `redact` hides this value, too. */
  hide(value: string): void;
  /** Something an operator should know, once, as a sentence. */
  note(text: string): void;
  /** Why the step waits, for `cutover status`; null: it does not. */
  waiting(reason: string | null): void;
  /** Who has approved the step by `cutover approve` so far; undefined: nobody. */
  approval(): Promise<{ by: string; at: string } | undefined>;
  /** Watches checks of the plan for a time; rejects with a QctlError `threshold` where one of them fails. */
  watch(checks: readonly string[] | 'all', forMs: number): Promise<void>;
  /** Throws where another process has taken the run over. To be called right before something is changed. */
  guard(): Promise<void>;
}

/**
 * A kind of step: what it is called in a plan, what it needs, and how it is done, undone and recognised.
 *
 * The order is: `preflight` of all steps; then for each step `check` (done already: it is passed over, and not
 * undone later), `capture`, the journal, `apply`, the journal. After a crash in `apply`: `check` again. `done`
 * counts as applied; `undone` is applied; of `unknown` a repeatable step is applied and any other asked about.
 * `undo` gets what `capture` returned, may find `apply` not begun or half done, and must be repeatable itself.
 */
export interface StepKind<P = never, M extends Json = Json> {
  /** The key in the plan: `envFile`. */
  name: string;
  /** What it brings about stands in Redis: a server that loses its data loses that, too. */
  standsInRedis?: true;
  /** Of what stands behind the key. Its output is `P`. */
  schema: z.ZodType<P>;
  /** One step of the plan that is many: each percentage of a route, each instance. A suffix of null keeps the id. */
  expand?(params: P): { suffix: string | null; params: P }[];
  /** Whoever cuts or quotes what stands in the parameters calls `hide` first: it takes secrets out of a text. */
  outline(params: P, hide: (text: string) => string): StepOutline;
  /** What speaks against the step; reads only. Called before anything has changed. */
  preflight?(params: P, world: StepWorld): Promise<Finding[]>;
  /** Reads only. @param memento what `capture` returned, where the step was begun before */
  check(params: P, world: StepWorld, memento?: M | null): Promise<'done' | 'undone' | 'unknown'>;
  /** Reads what `undo` will need. It is in the journal, and on the disk, before `apply` begins: no secret. */
  capture(params: P, world: StepWorld): Promise<M>;
  apply(params: P, world: StepWorld, memento: M): Promise<StepResult>;
  /** Where the outline says `nothing` or `missing` there is none. */
  undo?(params: P, world: StepWorld, memento: M): Promise<StepResult>;
  /** In place of `apply` in a rehearsal; absent: `apply`, in the sandbox. What is undone of it is `undo`, unless this is given. */
  rehearse?(params: P, world: StepWorld): Promise<StepResult>;
}

/** A kind of step of which only the name is known. */
export type AnyStepKind = StepKind<unknown, Json>;

/** Keeps the types of a kind while it is written, and forgets them for the table of kinds. */
export function stepKind<P, M extends Json>(kind: StepKind<P, M>): AnyStepKind {
  return kind as unknown as AnyStepKind;
}
