import {
  type EventLoopUtilization,
  type IntervalHistogram,
  monitorEventLoopDelay,
  performance,
} from 'node:perf_hooks';

/** Sent that much behind its schedule, a message says more of this process than of the target. */
const BEHIND_MS = 50;
const BEHIND_SHARE = 0.01;
/** Above it there is no time left for anything that comes unexpected. */
const BUSY = 0.9;
const HELD_MS = 250;
const RESOLUTION_MS = 10;

/** Of one second. */
export interface GeneratorSecond {
  loopDelayMs: number;
  generatorCpu: number;
}

/** Watches whether this process is in its own way. */
export class GeneratorWatch {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #delays: number[] = [];
  #cpu = process.cpuUsage();
  #cpuAtMs = performance.now();
  #firstCpu = this.#cpu;
  #firstAtMs = this.#cpuAtMs;
  #loop: EventLoopUtilization = performance.eventLoopUtilization();
  #sendingLoop: EventLoopUtilization | undefined;
  #handed = 0;
  #behind = 0;
  #behindMs = 0;

  constructor() {
    this.#delay.enable();
  }

  /** The warm-up is over: what was in it is forgotten. */
  begin(): void {
    this.#delays = [];
    this.#firstCpu = process.cpuUsage();
    this.#firstAtMs = performance.now();
    this.#loop = performance.eventLoopUtilization();
    this.#handed = 0;
    this.#behind = 0;
    this.#behindMs = 0;
  }

  /** A message was handed over that long after its time. */
  handedOver(ms: number): void {
    this.#handed += 1;
    if (ms > BEHIND_MS) this.#behind += 1;
    if (ms > this.#behindMs) this.#behindMs = ms;
  }

  closeSecond(): GeneratorSecond {
    const now = performance.now();
    const used = process.cpuUsage(this.#cpu);
    const second = {
      loopDelayMs: longest(this.#delay),
      generatorCpu: coresOf(used, now - this.#cpuAtMs),
    };
    this.#delays.push(second.loopDelayMs);
    this.#delay.reset();
    this.#cpu = process.cpuUsage();
    this.#cpuAtMs = now;
    return second;
  }

  /** Nothing is sent any more: what follows is no matter of the schedule. */
  sendingEnded(): void {
    this.#sendingLoop ??= performance.eventLoopUtilization(this.#loop);
  }

  close(): void {
    this.#delay.disable();
  }

  /** @param closedLoop the target sets the pace, not a schedule */
  report(closedLoop: boolean) {
    const sorted = this.#delays.toSorted((a, b) => a - b);
    const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
    const busy = (this.#sendingLoop ?? performance.eventLoopUtilization(this.#loop)).utilization;
    const reasons = this.#reasons(busy, p99, closedLoop);
    return {
      limited: reasons.length > 0,
      reasons,
      cpu: coresOf(process.cpuUsage(this.#firstCpu), performance.now() - this.#firstAtMs),
      loopDelayP99Ms: p99,
      loopDelayMaxMs: sorted.at(-1) ?? 0,
      behindMs: this.#behindMs,
    };
  }

  #reasons(busy: number, delayMs: number, closedLoop: boolean): string[] {
    const reasons: string[] = [];
    const share = this.#behind / Math.max(1, this.#handed);
    if (!closedLoop && share > BEHIND_SHARE)
      reasons.push(
        `this process handed ${percent(share)} of the messages over more than ${BEHIND_MS} ms behind their schedule, up to ${Math.round(this.#behindMs)} ms`,
      );
    if (busy > BUSY) reasons.push(`this process was busy ${percent(busy)} of the time`);
    if (!closedLoop && delayMs > HELD_MS)
      reasons.push(`this process was held for ${Math.round(delayMs)} ms at a time (event loop)`);
    return reasons;
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** What the histogram measures includes the interval at which it looks. */
function longest({ max, count }: IntervalHistogram): number {
  return count === 0 ? 0 : Math.max(0, max / 1e6 - RESOLUTION_MS);
}

function coresOf({ user, system }: NodeJS.CpuUsage, ms: number): number {
  return ms > 0 ? (user + system) / 1000 / ms : 0;
}
