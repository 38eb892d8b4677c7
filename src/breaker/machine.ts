import { type BreakerSettings, effectiveSettings, type GivenSettings } from '../model/breaker-settings.ts';
import type { BreakerState, CallCounts, Cause, OverrideMode, Transition } from './view.ts';
import { CallWindow } from './window.ts';

/** What a process reports; see the script `breaker/sync.ts`. */
export interface Report extends Partial<CallCounts> {
  instance: string;
  /** At which these were counted. */
  version: number;
  /** From 0 to 1, for the jitter. */
  random?: number;
}

/** How a probe went; see the script `breaker/settle.ts`. */
export interface ProbeResult {
  instance: string;
  lease: string;
  version: number;
  outcome: 'ok' | 'fail' | 'none';
  slow?: boolean;
  random?: number;
}

/** The override of a machine. */
export interface HeldMode {
  mode: OverrideMode;
  /** Null: until it is released. */
  untilMs: number | null;
}

const MOST_OPENINGS = 30;
const JITTER = 0.1;

/**
 * A circuit breaker as a pure machine: time and chance are handed in. The scripts of Redis decide in the same
 * way; this one decides where Redis is away, shows what a change would do, and simulates.
 */
export class BreakerMachine {
  state: BreakerState = 'closed';
  version = 0;
  sinceMs = 0;
  cause: Cause | null = null;
  halfOpenAtMs: number | null = null;
  openMs: number | null = null;
  openings = 0;
  successes = 0;
  override: HeldMode | null = null;
  readonly window = new CallWindow();
  readonly leases = new Map<string, number>();
  settings: BreakerSettings;
  /** Called with each move. */
  onMove: (move: Transition, atMs: number) => void = () => undefined;
  private closedAtMs = 0;
  private readonly declared: GivenSettings;
  private set: GivenSettings = {};

  constructor(given: GivenSettings) {
    this.declared = given;
    this.settings = effectiveSettings(given);
  }

  /** Takes in what a process has counted. */
  sync(nowMs: number, report: Report): void {
    const mode = this.modeAt(nowMs);
    const { ok = 0, failed = 0, slow = 0, rejected = 0, instance } = report;
    const fresh = report.version === this.version && mode !== 'disabled';
    if (fresh) this.window.add(this.settings, nowMs, { ok, failed, slow }, instance);
    this.window.add(this.settings, nowMs, { rejected });
    if (fresh && (mode === null || mode === 'observe') && this.state === 'closed' && failed + slow > 0) {
      const cause = this.window.whyOpen(this.settings, nowMs);
      if (cause) this.open(nowMs, cause, report.random);
    } else if (mode === 'observe') this.watch(nowMs, report, fresh);
  }

  /** Nobody is rejected while it is only watched: all calls are probes. */
  private watch(nowMs: number, { ok = 0, failed = 0, slow = 0, random }: Report, fresh: boolean): void {
    if (this.state === 'open' && this.isDue(nowMs)) {
      this.move(nowMs, 'half-open', 'open-time-over');
      return;
    }
    if (this.state !== 'half-open' || !fresh) return;
    if (failed + slow > 0) {
      this.open(nowMs, 'probe-failed', random);
      return;
    }
    this.successes += ok;
    if (ok > 0 && this.successes >= this.settings.successThreshold) this.close(nowMs, 'recovered');
  }

  /** Whether a probe may go. The same lease may be asked for again. */
  admit(nowMs: number, lease: string): boolean {
    if (this.modeAt(nowMs) !== null) return false;
    if (this.state === 'open' && this.isDue(nowMs)) this.move(nowMs, 'half-open', 'open-time-over');
    if (this.state !== 'half-open') return false;
    const { probeTimeoutMs, halfOpenProbes } = this.settings;
    for (const [id, until] of this.leases)
      if (until <= nowMs || until > nowMs + probeTimeoutMs) this.leases.delete(id);
    if (this.leases.has(lease)) return true;
    if (this.leases.size >= halfOpenProbes) return false;
    this.leases.set(lease, nowMs + probeTimeoutMs);
    return true;
  }

  /** Keeps a lease whose holder is still at it. */
  renew(nowMs: number, lease: string): void {
    if (this.leases.has(lease)) this.leases.set(lease, nowMs + this.settings.probeTimeoutMs);
  }

  /** Takes in how a probe went. Returns whether it counted. */
  settle(nowMs: number, result: ProbeResult): boolean {
    const { instance, lease, version, outcome, slow = false, random } = result;
    const mode = this.modeAt(nowMs);
    const held = this.leases.delete(lease);
    if (
      mode === 'disabled' ||
      !held ||
      version !== this.version ||
      this.state !== 'half-open' ||
      outcome === 'none'
    )
      return false;
    const counts = { ok: outcome === 'ok' ? 1 : 0, failed: outcome === 'fail' ? 1 : 0, slow: slow ? 1 : 0 };
    this.window.add(this.settings, nowMs, counts, instance);
    if (mode !== null && mode !== 'observe') return true;
    if (outcome === 'fail' || slow) {
      this.open(nowMs, 'probe-failed', random);
      return true;
    }
    this.successes += 1;
    if (this.successes >= this.settings.successThreshold) this.close(nowMs, 'recovered');
    return true;
  }

  /** Opens it as an operator does, for this long or as long as the settings say. */
  trip(nowMs: number, forMs = this.settings.openMs): void {
    this.modeAt(nowMs);
    this.openMs = forMs;
    this.move(nowMs, 'open', 'tripped');
    this.halfOpenAtMs = nowMs + forMs;
  }

  /** Closes it as an operator does. */
  reset(nowMs: number): void {
    this.modeAt(nowMs);
    this.close(nowMs, 'reset');
    this.openings = 0;
  }

  /** Changes settings as an operator does; null gives a setting back to the program. */
  configure(nowMs: number, changes: Partial<Record<keyof GivenSettings, number | null>>): void {
    this.modeAt(nowMs);
    for (const [key, value] of Object.entries(changes) as [keyof GivenSettings, number | null][]) {
      if (value === null) delete this.set[key];
      else this.set[key] = value;
    }
    this.settings = effectiveSettings({ ...this.declared, ...this.set });
  }

  /** Stands where another breaker stands. */
  adopt(
    other: Pick<BreakerMachine, 'state' | 'cause' | 'halfOpenAtMs' | 'openMs' | 'openings' | 'successes'>,
  ): void {
    const { state, cause, halfOpenAtMs, openMs, openings, successes } = other;
    const moved = state !== this.state || halfOpenAtMs !== this.halfOpenAtMs;
    Object.assign(this, { state, cause, halfOpenAtMs, openMs, openings, successes });
    if (!moved) return;
    this.version += 1;
    this.leases.clear();
  }

  private modeAt(nowMs: number): OverrideMode | null {
    if (this.override?.untilMs != null && this.override.untilMs <= nowMs) this.override = null;
    return this.override?.mode ?? null;
  }

  private isDue(nowMs: number): boolean {
    const at = this.halfOpenAtMs ?? 0;
    return at <= nowMs || at - nowMs > (this.openMs ?? 0);
  }

  private open(nowMs: number, cause: Cause, random = 0): void {
    const { openMs, maxOpenMs } = this.settings;
    if (this.state === 'closed' && nowMs - this.closedAtMs >= maxOpenMs) this.openings = 0;
    this.openings = Math.min(this.openings + 1, MOST_OPENINGS);
    const ms = Math.floor(Math.min(openMs * 2 ** (this.openings - 1), maxOpenMs) * (1 + JITTER * random));
    this.openMs = ms;
    this.move(nowMs, 'open', cause);
    this.halfOpenAtMs = nowMs + ms;
  }

  private close(nowMs: number, cause: Cause): void {
    this.window.forget();
    this.closedAtMs = nowMs;
    this.move(nowMs, 'closed', cause);
  }

  private move(nowMs: number, to: BreakerState, cause: Cause): void {
    const from = this.state;
    Object.assign(this, { state: to, cause, sinceMs: nowMs, halfOpenAtMs: null, successes: 0 });
    this.version += 1;
    this.leases.clear();
    this.onMove({ version: this.version, from, to, cause }, nowMs);
  }
}
