import { join } from 'node:path';
import type { CheckSummary, Measure } from '../checks/index.ts';
import { pause } from '../model/patience.ts';
import type { BackupStore } from './backup.ts';
import { isFenced } from './fence.ts';
import { type FoldedRun, foldJournal, foldLine, isBegun } from './fold.ts';
import type { CutoverHost } from './host.ts';
import type { Journal } from './journal.ts';
import type { Lease } from './lease.ts';
import type { HeldLock } from './lock.ts';
import { obstacle } from './obstacle.ts';
import type { CutoverEvents, CutoverOptions } from './options.ts';
import type { CutoverPlan, PlannedStep } from './plan-types.ts';
import { Publisher } from './publisher.ts';
import { redactor, SHORTEST_SECRET } from './redact.ts';
import { measureIn, type RunFolder, runFolder } from './run-folder.ts';
import type { CutoverStatus, JournalEvent, JournalLine } from './run-types.ts';
import { type Controls, reasonOf } from './said.ts';
import { isPastNoReturn, statusOf } from './status-of.ts';

/** Why the way forward ends before its end. */
export type Cause =
  /** Ctrl-C: it is to be resumed. */
  | { kind: 'interrupt' }
  /** It would wait for a person, and was told not to. */
  | { kind: 'held' }
  /** It is to go back. `since`: RFC 3339, when what went wrong was measured, or ordered. */
  | { kind: 'rollback'; by: string; why: string; since: string }
  /** Another process has the run, or the journal cannot be written: nothing may be touched any more. */
  | { kind: 'lost'; error: unknown };

/** What a process has in hand to work on a run. */
export interface Hands {
  plan: CutoverPlan;
  host: CutoverHost;
  options: CutoverOptions;
  events: CutoverEvents;
  journal: Journal;
  /** Undefined: it goes back without Redis. */
  lease: Lease | undefined;
  lock: HeldLock | undefined;
  fence: number;
}

const ASK_AGAIN_MS = 250;

const REDIS_LOST =
  'redis has lost what it had confirmed of this run (emptied, restarted without its data, or a failover): messages in its streams may be gone as well; look before the old side is given up';

/** One process at work on one run: what is known of it, what is written of it, what ends it. */
export class Session {
  readonly hands: Hands;
  readonly folded: FoldedRun;
  readonly redact: (text: string) => string;
  readonly notes: string[] = [];
  /** Who is being told of something. */
  readonly telling = new Set<Promise<unknown>>();
  readonly summaries = new Map<string, CheckSummary>();
  readonly backups: BackupStore;
  readonly folder: RunFolder;
  readonly measure: Measure;
  cause: Cause | undefined;
  controls: Controls = { pause: null, go: null, abort: null, approvals: new Map() };
  step: string | null = null;
  /** Of the step that was begun; each order to end a pause says it anew, or says nothing. */
  assume: CutoverOptions['assume'];
  notBefore: string | null = null;
  goingBack = false;
  healthyMs: number | null = null;
  rollbackMs: number | null = null;
  private readonly secrets: Set<string>;
  private readonly ending = new AbortController();
  private readonly publisher: Publisher;
  /** Reasons by who waits. */
  private readonly waits = new Map<string, { reason: string; since: string }>();
  private changed: (() => void)[] = [];

  constructor(hands: Hands) {
    this.hands = hands;
    this.assume = hands.options.assume;
    this.folded = foldJournal(hands.journal.lines);
    this.secrets = new Set(hands.plan.secrets);
    this.redact = redactor(this.secrets);
    this.folder = runFolder(this.folded.cwd, this.folded.host);
    this.measure = measureIn(this.folder, hands.host.measure);
    this.backups = hands.options.parts.backups(join(hands.options.stateFolder, `${this.run}.backups`));
    this.publisher = new Publisher(this);
    hands.journal.onFenced = (error) => this.stop({ kind: 'lost', error });
    hands.journal.onUnwritten = (error) => this.note(`${(error as Error).message}; going back all the same`);
    hands.journal.onLost = () => this.hasLostData();
    if (hands.lease) hands.lease.onFenced = (error) => this.stop({ kind: 'lost', error });
  }

  get run(): string {
    return this.hands.journal.lines[0]!.run;
  }

  /** Aborted when the step in hand is to end. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  get graceMs(): number {
    return this.hands.options.graceMs ?? 5000;
  }

  get pastNoReturn(): boolean {
    return isPastNoReturn(this.hands.plan, this.folded);
  }

  get status(): CutoverStatus {
    const { plan, host } = this.hands;
    const { pause } = this.controls;
    // Who is held waits for nothing else.
    const wait = this.waits.get('pause') ?? this.waits.values().next().value;
    return statusOf(plan, this.folded, {
      ...{ host: host.operator.host, pid: process.pid, step: this.step, notBefore: this.notBefore },
      ...{ waitingFor: wait?.reason ?? null, waitingSince: wait?.since ?? null },
      pauseOrdered: pause && `${pause.by}: ${reasonOf(pause)}`,
      ...{ checks: [...this.summaries.values()], healthyMs: this.healthyMs, rollbackMs: this.rollbackMs },
      ...{ goingBack: this.goingBack, nowMs: host.now().getTime() },
    });
  }

  start(): void {
    this.hands.lease?.start();
    this.publisher.start();
    // Whoever follows sees it as it stands, before its first step.
    this.tell();
  }

  /** Writes a line, and tells. What goes wrong with the journal ends the session. */
  async write(event: JournalEvent): Promise<JournalLine> {
    try {
      const line = await this.hands.journal.append(event);
      foldLine(this.folded, line);
      this.tell();
      return line;
    } catch (error) {
      this.stop({ kind: 'lost', error });
      throw error;
    }
  }

  /** Ends the way forward. The first cause counts, but that nothing may be touched any more counts always. */
  stop(cause: Cause): void {
    if (this.cause && cause.kind !== 'lost') return;
    this.cause = cause;
    // What is short may come to its end; what waits does not.
    if (cause.kind !== 'interrupt' || this.waits.size > 0) this.ending.abort(new Error('the run is to end'));
    else setTimeout(() => this.ending.abort(new Error('interrupted')), this.graceMs).unref();
    this.tell();
  }

  /** Throws where nothing may be touched any more. */
  throwIfLost(): void {
    if (this.cause?.kind === 'lost') throw this.cause.error;
  }

  /** Why `who` waits; null: it does not any more. */
  waiting(who: string, reason: string | null): void {
    const known = this.waits.get(who);
    if (reason === (known?.reason ?? null)) return;
    // What it was left for stands in its record and its report.
    if (reason === null && this.cause?.kind === 'held') return;
    if (reason === null) this.waits.delete(who);
    else {
      const since = known?.since ?? this.hands.host.now().toISOString();
      this.waits.set(who, { reason: this.redact(reason.replace(/^waits (?:for )?/, '')), since });
      if (this.cause?.kind === 'interrupt') this.ending.abort(new Error('interrupted'));
    }
    this.tell();
  }

  /** From now on this value shows nowhere. */
  hide(value: string): void {
    // What follows a value in a file, or stands around it, is not repeated by who repeats it.
    const secret = value.trim();
    if (secret.length >= SHORTEST_SECRET) this.secrets.add(secret);
  }

  /** Steps that were begun, and whose doing stands in Redis. */
  get inRedis(): PlannedStep[] {
    return this.hands.plan.steps.filter((step) => step.kind.standsInRedis && isBegun(this, step));
  }

  /** Redis does not have any more what it had confirmed. It is kept: who takes the run up is to know it, too. */
  hasLostData(): void {
    this.note(REDIS_LOST);
    if (this.folded.dataLost || this.folded.rollback || this.folded.end || this.inRedis.length === 0) return;
    this.folded.dataLost = true;
    this.write({ event: 'dataLost' }).catch(() => undefined);
  }

  note(text: string): void {
    const shown = this.redact(text);
    // Two drains of one source have the same to say.
    if (this.notes.includes(shown)) return;
    this.notes.push(shown);
    this.hands.events.note?.(shown);
  }

  /** Something is different: whoever waits looks again, the status is told. */
  tell(): void {
    this.publisher.changed();
    this.hands.events.status?.(this.status);
    const waiting = this.changed;
    this.changed = [];
    for (const wake of waiting) wake();
  }

  /** Resolves with the next change. */
  nextChange(): Promise<void> {
    return new Promise((resolve) => this.changed.push(resolve));
  }

  /**
   * Resolves where this process may change something. Forward, Redis must have the journal and confirm the
   * lock: it is waited for. On the way back it need not, as long as nobody can have taken the run over.
   */
  async guard(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        this.throwIfLost();
        signal.throwIfAborted();
        const reason = await obstacle(this);
        if (reason === undefined) return;
        this.waiting('redis', reason);
        await pause(ASK_AGAIN_MS, signal);
      }
    } catch (error) {
      if (isFenced(error)) this.stop({ kind: 'lost', error });
      throw error;
    } finally {
      this.waiting('redis', null);
    }
  }

  /** Stops beating, polling and telling; what is left to be told is told, where Redis answers. */
  close(): Promise<void> {
    return this.publisher.close();
  }
}
