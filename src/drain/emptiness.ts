import { isGone } from '../backends/sqs/index.ts';
import { plural } from '../model/plural.ts';
import { PostgresSource } from '../sources/postgres/index.ts';
import { type PassedOver, SqsSource } from '../sources/sqs/index.ts';
import type { Meter } from './meter.ts';
import type { OpenDrain } from './open.ts';
import { QueueWaits } from './queue-waits.ts';
import type { Ending } from './report.ts';

/** How often a source is asked how much it holds; less often where counting takes long. */
const DEPTH_MS = 1000;
const COST_FACTOR = 5;
/** No message of SQS is delayed for longer. */
const LONGEST_DELAY_MS = 900_000;

/** What the crew and the other processes know when the source is looked at. */
export interface Standing {
  /** Whether nobody of this process has found anything. */
  idle: boolean;
  /** Whether this process has a lane of its own. */
  holdsLane: boolean;
  /** Whether a brake holds the workers: what they leave is not stuck. */
  held: boolean;
  /** SQS: messages that stay in the queue. */
  passedOver?: PassedOver;
  /** SQS: messages in flight because of the other processes of the run. */
  heldByOthers: number;
}

/** Decides when a source is empty: not at the first empty answer. */
export class Emptiness {
  /** FIFO: messages that SQS does not hand out, because one before them in their group stays. */
  behind = 0;
  private readonly drain: OpenDrain;
  private readonly meter: Meter;
  private readonly waits = new QueueWaits();
  private askedAt = Number.NEGATIVE_INFINITY;
  private tookMs = 0;
  private emptySince: number | undefined;
  private stuckSince: number | undefined;
  private stuckAt = -1;
  /** How many late messages must come before everything that was visible has been seen. */
  private turnover: number | undefined;

  constructor(drain: OpenDrain, meter: Meter) {
    this.drain = drain;
    this.meter = meter;
  }

  async look(standing: Standing): Promise<Ending | undefined> {
    const { idle, holdsLane, held } = standing;
    const { source } = this.drain;
    const sqs = source instanceof SqsSource;
    const due = performance.now() - this.askedAt >= Math.max(DEPTH_MS, this.tookMs * COST_FACTOR);
    if (!idle) {
      this.restart();
      this.stuckSince = undefined;
      if (!sqs) this.meter.waiting('source', null);
      if (sqs && due && (await this.refreshDepth())) this.meter.waiting('queue', null);
      return undefined;
    }
    // Without a lane of its own a process knows nothing: it stands by for those of the others.
    if (this.drain.plan.mode === 'copy') return holdsLane && !held ? 'empty' : undefined;
    if (!sqs) return this.lookAtRows(due, held);
    return due ? this.lookAtQueue(standing) : undefined;
  }

  private async refreshDepth(): Promise<
    { ready: number; inFlight: number; delayed: number; held: number } | undefined
  > {
    this.askedAt = performance.now();
    const { source, attachment } = this.drain;
    const depth = await source.depth(attachment.manifest.run).catch((error: unknown) => {
      if (isGone(error)) this.meter.waiting('queue', `${source.label}: the queue does not exist any more`);
      return undefined;
    });
    this.tookMs = performance.now() - this.askedAt;
    if (!depth) return undefined;
    this.meter.depth(depth.ready);
    this.meter.counted(depth);
    const { ready, inFlight, delayed, held } = depth;
    return { ready: ready ?? 0, inFlight: inFlight ?? 0, delayed: delayed ?? 0, held: held ?? 0 };
  }

  /** SQS's counts lag: they must be 0 over the whole window, and nothing wanted may arrive in it. */
  private async lookAtQueue({ passedOver, heldByOthers }: Standing): Promise<Ending | undefined> {
    const depth = await this.refreshDepth();
    if (!depth) {
      this.restart();
      return undefined;
    }
    this.behind = passedOver && passedOver.groups > 0 ? depth.ready : 0;
    const others = Math.max(0, depth.inFlight - (passedOver?.size ?? 0) - heldByOthers);
    const delayed = this.isPast(LONGEST_DELAY_MS) ? 0 : depth.delayed;
    const away = this.waits.reason({ ready: null, inFlight: others, delayed }, Date.now());
    const why = this.isPast(0) || !this.boundary ? away : `the time ${this.boundary.toISOString()}`;
    this.meter.waiting('queue', why);
    if (why !== null || !this.isSeen(depth.ready - this.behind, passedOver)) {
      this.emptySince = undefined;
      if (why !== null) this.turnover = undefined;
      return undefined;
    }
    this.emptySince ??= performance.now();
    return performance.now() - this.emptySince >= this.drain.request.settings.settleMs ? 'empty' : undefined;
  }

  private get boundary(): Date | undefined {
    return this.drain.request.settings.enqueuedBefore;
  }

  /** Whether the boundary is so long ago. Without one nothing is. */
  private isPast(ms: number): boolean {
    return this.boundary !== undefined && Date.now() - this.boundary.getTime() >= ms;
  }

  /** Producers may go on behind the boundary: then as many late ones must have come as were visible. */
  private isSeen(visible: number, passedOver: PassedOver | undefined): boolean {
    if (visible === 0) return true;
    if (!this.boundary || !passedOver) return false;
    this.turnover ??= passedOver.received + visible;
    return passedOver.received >= this.turnover;
  }

  private restart(): void {
    this.emptySince = undefined;
    this.turnover = undefined;
  }

  /** Ready rows that no lane of this process can take are with others: given some time, then left and named. */
  private async lookAtRows(due: boolean, held: boolean): Promise<Ending | undefined> {
    if ((held || this.stuckSince !== undefined) && !due) return undefined;
    const depth = await this.refreshDepth();
    if (!depth) return undefined;
    const left = depth.ready + depth.held;
    if (left === 0) return 'empty';
    if (held) {
      this.stuckSince = undefined;
      return undefined;
    }
    if (left !== this.stuckAt) this.stuckSince = undefined;
    this.stuckAt = left;
    this.stuckSince ??= performance.now();
    this.meter.waiting('source', stuckText(depth, this.drain.source instanceof PostgresSource));
    return performance.now() - this.stuckSince >= this.drain.request.settings.settleMs
      ? 'left over'
      : undefined;
  }
}

function stuckText({ ready, held }: { ready: number; held: number }, rows: boolean): string {
  if (ready === 0)
    return `${held} ${rows ? 'rows' : 'messages'} are claimed by this run, and no lane of this process has them`;
  return rows
    ? `${ready} ready ${plural(ready, 'row is')} locked by other sessions`
    : `${ready} ${plural(ready, 'message')} that came meanwhile`;
}
