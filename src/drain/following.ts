import { Listener, PostgresSource } from '../sources/postgres/index.ts';
import { Alarm } from './alarm.ts';
import type { Meter } from './meter.ts';
import type { OpenDrain } from './open.ts';

/** A lane that found nothing looks again after this. */
const IDLE_MS = 200;
/** The same in a follow, where notifications tell of new messages: this covers those that were lost. */
const COVER_MS = 5000;
/** In a follow without notifications, or while none arrive. */
const POLL_MS = 1000;
/** Counting a table is a scan: once a minute, and less often where it takes long. */
const DEPTH_MS = 60_000;
const QUEUE_DEPTH_MS = 5000;
const COST_FACTOR = 50;

/** What a drain does while its source has nothing: it rests, and wakes when something comes. */
export class Following {
  readonly alarm: Alarm;
  private readonly drain: OpenDrain;
  private readonly meter: Meter;
  private readonly listener: Listener | undefined;
  private readonly ended = new AbortController();
  /** Undefined before the first attempt has come to anything. */
  private listening: boolean | undefined;
  private counting: Promise<void> | undefined;
  private countedAt = performance.now();
  private countMs = 0;

  constructor(drain: OpenDrain, meter: Meter) {
    this.drain = drain;
    this.meter = meter;
    this.alarm = new Alarm(() => this.restMs());
    this.listener = this.listen();
  }

  /** Notes whether the source gave nothing, and now and then how much it holds. */
  look(idle: boolean): void {
    this.meter.following = idle;
    if (idle) this.meter.depth(0);
    const queue = !(this.drain.source instanceof PostgresSource);
    const dueMs = Math.max(queue ? QUEUE_DEPTH_MS : DEPTH_MS, this.countMs * COST_FACTOR);
    if (idle || this.counting || performance.now() - this.countedAt < dueMs) return;
    this.counting = this.count().finally(() => {
      this.counting = undefined;
    });
  }

  async close(): Promise<void> {
    this.ended.abort();
    await Promise.allSettled([this.listener?.close(), this.counting]);
  }

  private restMs(): number {
    if (!this.drain.request.settings.follow) return IDLE_MS;
    return this.listener?.listening ? COVER_MS : POLL_MS;
  }

  private listen(): Listener | undefined {
    const { source, request } = this.drain;
    if (!request.settings.follow || !(source instanceof PostgresSource) || request.source.kind !== 'postgres')
      return undefined;
    const channels = request.source.spec.notify ?? [];
    if (channels.length === 0) return undefined;
    return new Listener({
      channels,
      connect: () => source.session(`qctl/${this.drain.plan.run}/listen`.slice(0, 63)),
      onNotified: () => this.alarm.ring(),
      onState: (reason) => this.tell(reason),
      signal: this.ended.signal,
    });
  }

  private tell(reason: string | null): void {
    if (reason !== null && this.listening) this.meter.note(`notifications were lost: ${reason}`);
    if (reason === null && this.listening === false) this.meter.note('notifications arrive again');
    this.listening = reason === null;
    const text = reason && `none arrive (${reason}); looking every second meanwhile`;
    this.meter.waiting('notifications', text);
  }

  private async count(): Promise<void> {
    const from = performance.now();
    const { read } = this.meter.counts;
    const depth = await this.drain.source.depth().catch(() => undefined);
    this.countedAt = performance.now();
    this.countMs = this.countedAt - from;
    // What was read while it counted may have been counted or not.
    if (!depth) return;
    this.meter.depth(depth.ready, read);
    this.meter.counted(depth);
  }
}
