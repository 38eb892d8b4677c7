import { type BreakerSettings, effectiveSettings, type GivenSettings } from '../../model/breaker-settings.ts';
import { seededRandom } from '../../model/random.ts';
import { detailOf } from '../detail.ts';
import { BreakerMachine } from '../machine.ts';
import type { BreakerState, Cause, Transition } from '../view.ts';
import { type Nearest, NearestWatch } from './nearest.ts';
import type { Outcome } from './outcome.ts';
import { CallsUnderWay, type CallUnderWay } from './under-way.ts';

/** A move that the breaker would have made. */
export interface SimulatedMove {
  atMs: number;
  from: BreakerState;
  to: BreakerState;
  cause: Cause;
  /** `5 of 5 calls failed in 60s, threshold 5`; null where the cause says all. */
  detail: string | null;
  /** Calls let through that have failed since it was last closed. */
  failedCalls: number;
  /** How long it will be open at least; null where it has not opened. */
  openMs: number | null;
}

/** What a breaker with these settings would have done. Times are those of the outcomes. */
export interface SimulationResult {
  settings: BreakerSettings;
  calls: number;
  passed: number;
  /** Of those passed. */
  failedThrough: number;
  probes: number;
  rejected: number;
  /** Of those rejected: calls that would have succeeded. */
  rejectedOk: number;
  openings: number;
  firstOpenedAtMs: number | null;
  openMs: number;
  halfOpenMs: number;
  /** At the end. */
  state: BreakerState;
  /** The first moves. */
  timeline: SimulatedMove[];
  /** How many more there were. */
  furtherMoves: number;
  /** Null where it has opened. */
  nearest: Nearest | null;
}

const MOST_MOVES = 1000;

/**
 * Sends outcomes through a breaker that nobody shares: the machine that decides as the scripts in Redis do. Every call
 * is reported at once; real processes report failures within a tenth of a second. Touches nothing; the same outcomes
 * and seed give the same result.
 */
export class Simulation {
  private readonly machine: BreakerMachine;
  private readonly random: () => number;
  private readonly underWay = new CallsUnderWay();
  private readonly probes = new Map<string, CallUnderWay>();
  private readonly watch: NearestWatch;
  private readonly result: SimulationResult;
  private failedCalls = 0;
  private movedAtMs = 0;

  constructor(given: GivenSettings, seed = 1) {
    const settings = effectiveSettings(given);
    this.machine = new BreakerMachine(given);
    this.machine.onMove = (move, atMs) => this.moved(move, atMs);
    this.random = seededRandom(seed);
    this.watch = new NearestWatch(settings);
    this.result = {
      ...{ settings, calls: 0, passed: 0, failedThrough: 0, probes: 0, rejected: 0, rejectedOk: 0 },
      ...{ openings: 0, firstOpenedAtMs: null, openMs: 0, halfOpenMs: 0, state: 'closed' },
      ...{ timeline: [], furtherMoves: 0, nearest: null },
    };
  }

  /** The next call; not before the one that came before it. */
  take(outcome: Outcome): void {
    const { atMs } = outcome;
    const { result, machine } = this;
    this.endBy(atMs);
    if (result.calls === 0) this.movedAtMs = atMs;
    result.calls += 1;
    const lease = machine.state === 'closed' ? null : this.askForProbe(atMs);
    if (lease === undefined) {
      result.rejected += 1;
      if (outcome.ok) result.rejectedOk += 1;
      return;
    }
    const endMs = atMs + (outcome.durationMs ?? 0);
    this.begin({ ...outcome, endMs, version: machine.version, lease });
  }

  /** Ends all calls that are under way by then, and tells what has come out of it. */
  end(atMs: number): SimulationResult {
    this.endBy(atMs);
    this.countTime(atMs);
    const { result, watch, machine } = this;
    return { ...result, state: machine.state, nearest: result.openings > 0 ? null : watch.nearest };
  }

  private begin(call: CallUnderWay): void {
    this.result.passed += 1;
    if (!call.ok) this.result.failedThrough += 1;
    if (call.lease !== null) {
      this.result.probes += 1;
      this.probes.set(call.lease, call);
    }
    if (call.endMs > call.atMs) this.underWay.add(call);
    else this.ended(call);
  }

  /** Its processes live, so no probe is given up while it is under way. */
  private askForProbe(atMs: number): string | undefined {
    for (const lease of this.probes.keys()) this.machine.renew(atMs, lease);
    const lease = String(this.result.calls);
    return this.machine.admit(atMs, lease) ? lease : undefined;
  }

  private endBy(atMs: number): void {
    for (let call = this.underWay.takeEnded(atMs); call; call = this.underWay.takeEnded(atMs))
      this.ended(call);
  }

  private ended(call: CallUnderWay): void {
    const { machine } = this;
    const { endMs, ok, instance, version, lease } = call;
    const { slowCallMs } = machine.settings;
    const slow = slowCallMs > 0 && (call.slow || (call.durationMs ?? 0) > slowCallMs);
    if (!ok) this.failedCalls += 1;
    if (lease !== null) {
      this.probes.delete(lease);
      const outcome = ok ? 'ok' : 'fail';
      machine.settle(endMs, { instance, lease, version, outcome, slow, random: this.random() });
      return;
    }
    const counts = { ok: ok ? 1 : 0, failed: ok ? 0 : 1, slow: slow ? 1 : 0 };
    machine.sync(endMs, { instance, version, ...counts, random: this.random() });
    if ((!ok || slow) && this.result.openings === 0)
      this.watch.see(machine.window.count(machine.settings, endMs), endMs);
  }

  private moved({ from, to, cause }: Transition, atMs: number): void {
    const { result, machine } = this;
    this.countTime(atMs, from);
    if (to === 'open') {
      result.openings += 1;
      result.firstOpenedAtMs ??= atMs;
    }
    const detail = detailOf(cause, machine.settings, machine.window.count(machine.settings, atMs));
    const openMs = to === 'open' ? machine.openMs : null;
    const move = { atMs, from, to, cause, detail, failedCalls: this.failedCalls, openMs };
    if (result.timeline.length < MOST_MOVES) result.timeline.push(move);
    else result.furtherMoves += 1;
    if (to === 'closed') this.failedCalls = 0;
  }

  private countTime(atMs: number, state: BreakerState = this.machine.state): void {
    const ms = Math.max(0, atMs - this.movedAtMs);
    if (state === 'open') this.result.openMs += ms;
    else if (state === 'half-open') this.result.halfOpenMs += ms;
    this.movedAtMs = Math.max(atMs, this.movedAtMs);
  }
}
