import { runScript } from '../backends/redis/script.ts';
import { claimRoom } from '../backends/redis/scripts/claim-room.ts';
import { runKey } from '../model/keys.ts';
import { Brake } from './brake.ts';
import { probesOf } from './brake-check.ts';
import type { BrakeName } from './brakes/probe.ts';
import { type ShownDecision, showDecision } from './decision.ts';
import { InHand } from './in-hand.ts';
import { type Controls, controlsOf, inForce } from './live.ts';
import type { RunView } from './membership.ts';
import type { Meter } from './meter.ts';
import type { OpenDrain } from './open.ts';
import { Throttle } from './throttle.ts';
import { showTuned, type Tuned } from './tunable.ts';

/** What can be told a new size while it works. */
export interface Steered {
  tune(tuned: Tuned): void;
}

/** Brings into force what the flags say and what operators have decided since, as of every beat. */
export class Steering {
  readonly throttle: Throttle;
  /** An operator has told the processes of this moment to end. */
  stopped: ShownDecision | null = null;
  paused: ShownDecision | null = null;
  private readonly drain: OpenDrain;
  private readonly meter: Meter;
  private readonly brake: Brake;
  private readonly hand: InHand;
  private tuned: Tuned | undefined;
  private shown = '';
  private joinedMs: number | undefined;
  private processes = 1;
  private member = '';

  constructor(drain: OpenDrain, meter: Meter) {
    const { request, plan } = drain;
    this.drain = drain;
    this.meter = meter;
    this.hand = new InHand();
    this.brake = new Brake(this.hand, {
      processes: () => this.processes,
      claim: (brake, messages) => claim(drain, this.member, brake, messages),
    });
    const { limit, ratePerSecond, bytesPerSecond } = request.settings;
    const rate = { messages: ratePerSecond, bytes: bytesPerSecond };
    this.throttle = new Throttle(limit, rate, this.hand, this.brake, plan.workers);
    meter.holding = {
      brakes: () => this.brake.reasons,
      paused: () => this.paused,
      inHand: () => this.hand.count,
    };
  }

  /** Takes over what a beat has shown. Resolves at once, but at the first call, which waits until every brake has measured. */
  async apply(view: RunView, member: string): Promise<void> {
    const first = this.joinedMs === undefined;
    this.joinedMs ??= view.nowMs;
    this.processes = Math.max(1, view.alive.size);
    this.member = member;
    const controls = controlsOf(view);
    this.obey(controls);
    const changing = this.retune(inForce(this.drain.request.settings, controls, this.processes), first);
    if (first) await changing;
  }

  /** Hands what is in force to a crew. */
  steer(crew: Steered): void {
    if (this.tuned) crew.tune(this.tuned);
  }

  close(): Promise<void> {
    this.throttle.close();
    return this.brake.stop();
  }

  private obey({ paused, stop }: Controls): void {
    // Only those at work when it was said: a process that is started later is meant to work.
    if (stop && stop.atMs >= this.joinedMs!) this.stopped = showDecision(stop);
    const next = paused ? showDecision(paused) : null;
    if (next?.since !== this.paused?.since) this.meter.note(next ? pausedText(next) : 'resumed');
    this.paused = next;
    this.throttle.pause(next !== null);
  }

  private async retune(tuned: Tuned, first: boolean): Promise<void> {
    this.tuned = tuned;
    this.throttle.rate = tuned.rate;
    const shown = JSON.stringify([showTuned(tuned), tuned.brake.stopFile]);
    if (shown === this.shown) return;
    if (!first) this.meter.note(`settings now: ${listOf(showTuned(tuned))}`);
    this.shown = shown;
    await this.brake.use(probesOf(tuned.brake, this.drain.request, this.drain.redis));
  }
}

async function claim(
  { redis, attachment }: OpenDrain,
  member: string,
  brake: BrakeName,
  messages: number,
): Promise<number> {
  const args = [member, brake, messages];
  return Number(await runScript(redis.client, claimRoom, [runKey(attachment.manifest.run)], args));
}

function pausedText({ by, reason }: ShownDecision): string {
  return `paused by ${by}${reason ? `: ${reason}` : ''}`;
}

function listOf(settings: Record<string, string>): string {
  const pairs = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return pairs.join(' ') || 'none';
}
