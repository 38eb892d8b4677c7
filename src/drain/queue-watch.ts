import { isGone } from '../backends/sqs/index.ts';
import { formatDuration } from '../model/duration.ts';
import { plural } from '../model/plural.ts';
import type { Depth } from '../sources/source.ts';
import type { SqsSource } from '../sources/sqs/index.ts';
import type { Meter } from './meter.ts';
import { type QueueSample, QueueSamples } from './queue-samples.ts';
import { carriedBy, type SourceChange, type SourceWatch } from './source-watch.ts';
import type { Totals } from './totals.ts';

const LOOK_MS = 1000;
/** An estimate of the end is worth something from here on. */
const SETTLED_IN_MS = 30_000;

export interface QueueWatchOptions {
  source: SqsSource;
  meter: Meter;
  totals(): Promise<Totals>;
  /** Messages in flight because of the processes of this run. */
  holding(): number;
}

/** Looks at the queue's counts once a second while it is drained, and at whether it is still the same queue. */
export class QueueWatch implements SourceWatch {
  private readonly options: QueueWatchOptions;
  private readonly samples = new QueueSamples();
  private readonly timer: NodeJS.Timeout;
  private createdMs: number | null = null;
  private gone = false;
  private recreated: SourceChange | undefined;
  private expiring: SourceChange | undefined;
  private looking: Promise<void> | undefined;
  private told = false;

  private constructor(options: QueueWatchOptions) {
    this.options = options;
    this.timer = setInterval(() => this.lookAgain(), LOOK_MS);
    this.timer.unref();
  }

  /** The first look is what everything later is compared with. */
  static async start(options: QueueWatchOptions): Promise<QueueWatch> {
    const watch = new QueueWatch(options);
    try {
      await watch.look();
      return watch;
    } catch (error) {
      watch.stop();
      throw error;
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }

  async finish(depth: Depth, totals: Totals): Promise<SourceChange[]> {
    this.stop();
    await this.looking;
    await this.lookAtQueue(undefined).catch(() => undefined);
    if (depth.ready !== null && !this.gone) {
      const { ready, inFlight, delayed } = depth;
      const counts = { visible: ready, inFlight: inFlight ?? 0, delayed: delayed ?? 0 };
      this.samples.add({ ...counts, ...this.progress(totals, totals) }, true);
    }
    return [this.recreated, this.departure(), this.expiring].filter((change) => change !== undefined);
  }

  private lookAgain(): void {
    this.looking ??= this.look()
      .catch(() => undefined)
      .finally(() => {
        this.looking = undefined;
      });
  }

  private async look(): Promise<void> {
    const before = await this.options.totals();
    await this.lookAtQueue(before);
    this.warnOfRetention();
    this.tell();
  }

  /** Without `before` only whether it is still the same queue. */
  private async lookAtQueue(before: Totals | undefined): Promise<void> {
    const facts = await this.options.source.look().catch((error: unknown) => {
      if (isGone(error)) this.gone = true;
      throw error;
    });
    const another = this.createdMs !== null && facts.createdMs !== null && facts.createdMs !== this.createdMs;
    if (another || this.gone) this.noteRecreation();
    this.createdMs = facts.createdMs;
    this.gone = false;
    if (!before) return;
    const { visible, inFlight, delayed } = facts;
    const after = await this.options.totals();
    this.samples.add({ visible, inFlight, delayed, ...this.progress(before, after) });
  }

  private progress(before: Totals, after: Totals): Omit<QueueSample, 'visible' | 'inFlight' | 'delayed'> {
    return {
      atMs: performance.now(),
      holding: this.options.holding(),
      settledBefore: before.settled,
      carriedAfter: carriedBy(after) + this.options.meter.deletedElsewhere,
    };
  }

  private noteRecreation(): void {
    const count = this.samples.total;
    this.samples.restart();
    this.recreated = {
      code: 'RECREATED',
      level: 'problem',
      count,
      text: `the queue was deleted and made anew while it was drained; about ${count} ${plural(count, 'message')} stood in it when it was last seen`,
    };
    this.options.meter.note(this.recreated.text);
  }

  /** What left the queue, or could have, and not because of this run. */
  private departure(): SourceChange | undefined {
    const { left, atOnce, heldByOthers } = this.samples.verdict;
    const others = heldByOthers > 0 ? `; another consumer held up to about ${heldByOthers}` : '';
    if (left === 0) {
      if (heldByOthers === 0) return undefined;
      const text = `another consumer, or a process that was killed, held up to about ${heldByOthers} ${plural(heldByOthers, 'message')} of the queue while it was drained`;
      return { code: 'COMPETING_CONSUMER', level: 'note', count: heldByOthers, text };
    }
    const about = `about ${left} ${plural(left, 'message')} or more left the queue without this run`;
    if (atOnce && heldByOthers === 0)
      return {
        code: 'PURGED',
        level: 'problem',
        count: left,
        text: `${about}, all at once: a purge looks so`,
      };
    if (heldByOthers > 0)
      return { code: 'COMPETING_CONSUMER', level: 'problem', count: left, text: `${about}${others}` };
    const causes = 'another consumer, a purge, the retention period or the dead-letter queue has taken them';
    return { code: 'LEFT', level: 'problem', count: left, text: `${about}: ${causes}` };
  }

  private tell(): void {
    const change = this.told ? undefined : this.departure();
    if (!change) return;
    this.told = true;
    this.options.meter.note(change.text);
  }

  private warnOfRetention(): void {
    const { source, meter } = this.options;
    const { etaMs, elapsedMs } = meter.snapshot();
    const { retentionMs } = source.facts;
    const oldest = meter.oldestMs;
    if (this.expiring || etaMs === null || oldest === undefined || retentionMs === 0) return;
    const ageMs = Date.now() - oldest;
    if (elapsedMs < SETTLED_IN_MS || ageMs + etaMs < retentionMs) return;
    this.expiring = {
      code: 'RETENTION',
      level: 'note',
      count: null,
      text: `the drain takes about ${formatDuration(etaMs)} more, messages are up to ${formatDuration(ageMs)} old, and SQS deletes them after ${formatDuration(retentionMs)}: some may expire before they are reached`,
    };
    meter.note(this.expiring.text);
  }
}
