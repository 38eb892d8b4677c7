import type { RedisOptions } from '../backends/redis/index.ts';
import type { BreakerSettings, GivenSettings } from '../model/breaker-settings.ts';
import { Pulse } from '../model/pulse.ts';
import { Exchange } from './exchange.ts';
import { BreakerMachine } from './machine.ts';
import { type Probe, type ProbeEnd, Probes } from './probes.ts';
import { Tally } from './tally.ts';
import type { OverrideMode, Transition } from './view.ts';

/** What happens to the next call; a probe is asked for at Redis, or at this process alone. */
export type Gate = 'pass' | 'reject' | 'probe' | 'probe-local';

/** Whom a member tells. */
export interface MemberEvents {
  /** This process, and no other one, was told that it has made these moves. */
  moved(moves: readonly Transition[]): void;
  /** Something may be different now. */
  changed(): void;
  trouble(reason: string | null): void;
}

/** What one process is made of. */
export interface MemberParts {
  name: string;
  instance: string;
  declared: GivenSettings;
  redis: RedisOptions | undefined;
  flushIntervalMs: number;
}

/** The part that one process has in a breaker: what it counts, what it knows, and what it decides by itself. */
export class Member {
  readonly tally = new Tally();
  readonly machine: BreakerMachine;
  gate: Gate = 'pass';
  /** The newest error, for whoever looks at the breaker; without secrets. */
  error: string | undefined;
  private readonly exchange: Exchange | undefined;
  private readonly parts: MemberParts;
  private readonly events: MemberEvents;
  private readonly probes: Probes | undefined;
  private readonly pulse: Pulse;
  private closing: Promise<void> | undefined;
  private leaseCount = 0;
  private adopted = 0;
  /** See the setting. */
  slowCallMs: number;
  /** Goes up with every move: a call that was let through before one says nothing of the dependency after it. */
  epoch = 0;

  constructor(parts: MemberParts, events: MemberEvents) {
    this.parts = parts;
    this.events = events;
    this.machine = new BreakerMachine({ ...parts.declared, instances: 1 });
    this.slowCallMs = this.machine.settings.slowCallMs;
    this.machine.onMove = () => {
      if (this.isLocal) this.epoch += 1;
    };
    if (parts.redis) {
      this.exchange = new Exchange(parts.redis, parts, {
        applied: (moves) => this.applied(moves),
        trouble: (reason) => this.troubled(reason),
      });
      this.probes = new Probes(this.exchange);
    }
    this.pulse = new Pulse(parts.flushIntervalMs, () => this.flushNow());
  }

  /** Settles once Redis was asked for the first time, or could not be. */
  async ready(): Promise<void> {
    await this.exchange?.ready();
    await this.flush();
  }

  /** Tells what is still to be told, then lets go of the connection. */
  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    // Whoever lives for one call only has counted before it was connected.
    await this.exchange?.ready();
    await this.pulse.stop();
    await this.exchange?.close();
  }

  /** Why this process decides by itself, as a clause; null where it knows what all know. */
  get away(): string | null {
    return this.exchange ? this.exchange.reason : null;
  }

  get settings(): BreakerSettings {
    return this.replica?.known ? this.replica.inForce.settings : this.machine.settings;
  }

  get replica(): Exchange['replica'] | undefined {
    return this.exchange?.replica;
  }

  nowMs(): number {
    return this.replica?.known ? this.replica.nowMs() : Date.now();
  }

  /** True where its own counts decide, alone or beside those of all. */
  private get isLocal(): boolean {
    return this.away !== null || !this.exchange || this.settings.instances > 1;
  }

  /** To be called when a call has failed or was slow. */
  hurry(): void {
    if (this.isLocal) {
      this.feed();
      this.update();
    }
    if (this.exchange) this.pulse.hurry();
  }

  /** A probe, where one may go now. */
  async lease(): Promise<Probe | undefined> {
    const lease = `${this.parts.instance}:${++this.leaseCount}`;
    const probe = this.gate === 'probe' ? await this.probes!.ask(lease) : undefined;
    // Where Redis goes away meanwhile, this process decides.
    return probe ?? (this.refresh() === 'probe-local' ? this.leaseLocally(lease) : undefined);
  }

  private leaseLocally(lease: string): Probe | undefined {
    if (!this.machine.admit(this.nowMs(), lease)) return undefined;
    this.update();
    return { lease, version: this.machine.version, local: true };
  }

  /** Takes in how a probe went; Redis is told in the background, until it has understood. */
  async settle(probe: Probe, end: ProbeEnd): Promise<void> {
    if (!probe.local) return this.probes!.settle(probe, end);
    this.machine.settle(this.nowMs(), { instance: '', ...probe, ...end });
    this.update();
  }

  /** Brings what was counted to Redis, and reads what stands there. */
  flush(): Promise<void> {
    return this.pulse.beat();
  }

  private async flushNow(): Promise<void> {
    this.feed();
    if (this.exchange?.isUp()) {
      const away = this.exchange.reason !== null;
      const most = away ? this.machine.window.count(this.machine.settings, this.nowMs()) : undefined;
      const counts = this.tally.takeUnsent(most);
      const leases = this.probes!.toRenew(this.settings.probeTimeoutMs);
      const error = counts.failed > 0 ? this.error : undefined;
      this.error = undefined;
      await this.exchange.sync({ counts, error, leases });
      await this.probes!.settleAll();
    }
    this.update();
  }

  /** The machine of this process sees what was counted. */
  private feed(): void {
    const { version } = this.machine;
    this.machine.sync(this.nowMs(), {
      instance: '',
      version,
      random: Math.random(),
      ...this.tally.takeUnseen(),
    });
  }

  private applied(moves: readonly Transition[]): void {
    const { shared, inForce } = this.replica!;
    this.machine.settings = { ...inForce.settings, instances: 1 };
    this.machine.override = shared.override;
    this.slowCallMs = inForce.settings.slowCallMs;
    const moved = shared.version !== this.adopted;
    if (moved) this.beginAnew(shared.state === 'closed');
    // Beside others it has a life of its own; alone it stands where all stand, in case Redis goes away.
    if (moved || inForce.settings.instances === 1) this.machine.adopt(shared);
    this.adopted = shared.version;
    this.update();
    if (moves.length > 0) this.events.moved(moves);
  }

  /** What was counted before a move says nothing after it. */
  private beginAnew(closed: boolean): void {
    this.epoch += 1;
    this.tally.forgetUnsent();
    this.tally.takeUnseen();
    if (closed) this.machine.window.forget();
  }

  private troubled(reason: string | null): void {
    this.update();
    this.events.trouble(reason);
  }

  /** Looks again, since an override may be over; between two flushes nobody else does. */
  refresh(): Gate {
    if (this.gate !== this.decide()) this.update();
    return this.gate;
  }

  private update(): void {
    this.gate = this.decide();
    this.events.changed();
  }

  /** The override that is in force, as far as this process knows. */
  get mode(): OverrideMode | null {
    const { override } = this.machine;
    return override && (override.untilMs === null || override.untilMs > this.nowMs()) ? override.mode : null;
  }

  private decide(): Gate {
    const { mode } = this;
    if (mode) return mode === 'open' ? 'reject' : 'pass';
    if (this.away === null && this.exchange && this.replica!.shared.state !== 'closed') return 'probe';
    return this.isLocal && this.machine.state !== 'closed' ? 'probe-local' : 'pass';
  }
}
