/** Who is hurried works sooner than at the next beat, but not more often than this. */
const HURRY_MS = 100;
/** Processes that started together shall not go on together. */
const SPREAD = 0.1;

/** Does a piece of work at an interval, sooner where it is hurried, and never twice at a time. Keeps no process alive. */
export class Pulse {
  private readonly intervalMs: number;
  private readonly work: () => Promise<void>;
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;
  private beganAt = Number.NEGATIVE_INFINITY;
  private hurried = false;
  private stopped = false;

  constructor(intervalMs: number, work: () => Promise<void>) {
    this.intervalMs = intervalMs;
    this.work = work;
    this.schedule(Math.random() * intervalMs);
  }

  /** Works now, or waits for the work that is under way. */
  beat(): Promise<void> {
    if (this.working) return this.working;
    this.beganAt = performance.now();
    this.hurried = false;
    this.working = this.work().finally(() => {
      this.working = undefined;
      const ms = this.intervalMs * (1 - SPREAD + 2 * SPREAD * Math.random());
      this.schedule(this.hurried ? HURRY_MS : ms);
    });
    return this.working;
  }

  /** Works at once, or as soon as it may. */
  hurry(): void {
    this.hurried = true;
    if (this.working || this.stopped) return;
    const leftMs = this.beganAt + HURRY_MS - performance.now();
    if (leftMs <= 0) void this.beat();
    else this.schedule(leftMs);
  }

  /** Works once more, after what is under way, and then never again. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.working;
    await this.beat();
  }

  private schedule(ms: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.beat(), ms);
    this.timer.unref();
  }
}
