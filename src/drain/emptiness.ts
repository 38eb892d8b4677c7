import { SqsSource } from '../sources/sqs/index.ts';
import type { Meter } from './meter.ts';
import type { OpenDrain } from './open.ts';
import type { Ending } from './report.ts';

/** How often a source is asked how much it holds. */
const DEPTH_MS = 1000;

/** Decides when a source is empty: not at the first empty answer. */
export class Emptiness {
  private readonly drain: OpenDrain;
  private readonly meter: Meter;
  private askedAt = Number.NEGATIVE_INFINITY;
  private emptySince: number | undefined;
  private stuckSince: number | undefined;
  private stuckAt = -1;

  constructor(drain: OpenDrain, meter: Meter) {
    this.drain = drain;
    this.meter = meter;
  }

  async look(idle: boolean, holdsLane: boolean): Promise<Ending | undefined> {
    const { source } = this.drain;
    const sqs = source instanceof SqsSource;
    const due = performance.now() - this.askedAt >= DEPTH_MS;
    if (!idle) {
      this.emptySince = undefined;
      this.stuckSince = undefined;
      if (sqs && due) await this.refreshDepth();
      return undefined;
    }
    // Without a lane of its own a process knows nothing: it stands by for those of the others.
    if (this.drain.plan.mode === 'copy') return holdsLane ? 'empty' : undefined;
    if (!sqs) return this.lookAtRows();
    return due ? this.lookAtQueue() : undefined;
  }

  private async refreshDepth(): Promise<{ ready: number; others: number; held: number } | undefined> {
    this.askedAt = performance.now();
    const depth = await this.drain.source.depth(this.drain.attachment.manifest.run).catch(() => undefined);
    if (!depth) return undefined;
    this.meter.depth(depth.ready);
    return {
      ready: depth.ready ?? 0,
      others: (depth.inFlight ?? 0) + (depth.delayed ?? 0),
      held: depth.held ?? 0,
    };
  }

  /** SQS's counts lag: they must be 0 over the whole window, and nothing may arrive in it. */
  private async lookAtQueue(): Promise<Ending | undefined> {
    const depth = await this.refreshDepth();
    if (!depth || depth.ready + depth.others > 0) {
      this.emptySince = undefined;
      this.meter.waiting(
        'queue',
        depth && depth.others > 0
          ? `${depth.others} messages are delayed or in flight with another consumer`
          : null,
      );
      return undefined;
    }
    this.meter.waiting('queue', null);
    this.emptySince ??= performance.now();
    return performance.now() - this.emptySince >= this.drain.request.settings.settleMs ? 'empty' : undefined;
  }

  /** Ready rows that no lane of this process can take are with others: given some time, then left and named. */
  private async lookAtRows(): Promise<Ending | undefined> {
    if (this.stuckSince !== undefined && performance.now() - this.askedAt < DEPTH_MS) return undefined;
    const depth = await this.refreshDepth();
    if (!depth) return undefined;
    const left = depth.ready + depth.held;
    if (left === 0) return 'empty';
    if (left !== this.stuckAt) this.stuckSince = undefined;
    this.stuckAt = left;
    this.stuckSince ??= performance.now();
    const why =
      depth.ready > 0
        ? `${depth.ready} ready rows are locked by other sessions`
        : `${depth.held} rows are claimed by this run, and no lane of this process has them`;
    this.meter.waiting('source', why);
    return performance.now() - this.stuckSince >= this.drain.request.settings.settleMs
      ? 'left over'
      : undefined;
  }
}
