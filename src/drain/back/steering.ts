import { type ShownDecision, showDecision } from '../decision.ts';
import { InHand } from '../in-hand.ts';
import { controlsOf } from '../live.ts';
import type { RunView } from '../membership.ts';
import type { Meter } from '../meter.ts';
import { Throttle } from '../throttle.ts';
import { applyTunable, type Tuned } from '../tunable.ts';
import type { BackSettings } from './request.ts';

/** Brings into force what operators decide for a way back while it is at work: pause, stop, rate. */
export class BackSteering {
  readonly throttle: Throttle;
  /** An operator has told the processes of this moment to end. */
  stopped: ShownDecision | null = null;
  paused: ShownDecision | null = null;
  private readonly settings: BackSettings;
  private readonly meter: Meter;
  private joinedMs: number | undefined;

  constructor(settings: BackSettings, meter: Meter) {
    this.settings = settings;
    this.meter = meter;
    const hand = new InHand();
    this.throttle = new Throttle(settings.limit, { messages: settings.ratePerSecond }, hand);
    meter.holding = { brakes: () => [], paused: () => this.paused, inHand: () => hand.count };
  }

  /** Takes over what a beat has shown. */
  apply(view: RunView): void {
    this.joinedMs ??= view.nowMs;
    const { paused, stop, overrides } = controlsOf(view);
    // Only those at work when it was said: a process that is started later is meant to work.
    if (stop && stop.atMs >= this.joinedMs) this.stopped = showDecision(stop);
    const next = paused ? showDecision(paused) : null;
    if (next?.since !== this.paused?.since)
      this.meter.note(next ? `paused by ${next.by}${next.reason ? `: ${next.reason}` : ''}` : 'resumed');
    this.paused = next;
    this.throttle.pause(next !== null);
    const rate = overrides.get('rate');
    if (rate) this.throttle.rate = this.shared(rate.value, Math.max(1, view.alive.size));
    else this.throttle.rate = { messages: this.settings.ratePerSecond };
  }

  close(): void {
    this.throttle.close();
  }

  /** A rate that was set for the run is shared by its processes. */
  private shared(value: string, processes: number): Tuned['rate'] {
    const own: Tuned = { rate: { messages: this.settings.ratePerSecond }, batch: 1, brake: {} };
    const { messages, bytes } = applyTunable('rate', value, own).rate;
    return { messages: messages && messages / processes, bytes: bytes && bytes / processes };
  }
}
