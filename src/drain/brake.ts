import { BrakeGauge, type Company } from './brake-gauge.ts';
import type { BrakeReason, Probe } from './brakes/probe.ts';
import type { InHand } from './in-hand.ts';

/** All brakes of a process. Any one of them holds it. */
export class Brake {
  private readonly hand: InHand;
  private readonly company: Company;
  private gauges: BrakeGauge[] = [];

  constructor(hand: InHand, company: Company) {
    this.hand = hand;
    this.company = company;
  }

  /** Why the drain stands still, every reason; empty where it does not. */
  get reasons(): BrakeReason[] {
    return this.gauges.flatMap(({ reason }) => reason ?? []);
  }

  /**
   * Replaces the brakes: one whose limit stays the same goes on as it is. Resolves once the new ones have
   * measured; until then they hold.
   */
  async use(probes: Probe[]): Promise<void> {
    const kept = this.gauges.filter(({ probe }) => probes.some((next) => same(next, probe)));
    const added = probes
      .filter((next) => !kept.some(({ probe }) => same(next, probe)))
      .map((probe) => new BrakeGauge(probe, this.hand, this.company));
    const gone = this.gauges.filter((gauge) => !kept.includes(gauge));
    this.gauges = [...kept, ...added];
    await Promise.all(gone.map((gauge) => gauge.stop()));
    await Promise.all(added.map((gauge) => gauge.look()));
    for (const gauge of added) void gauge.watch();
  }

  /** Messages that may be read now; 0 while any brake holds. */
  get room(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.gauges.map((gauge) => gauge.room));
  }

  /** Somebody wanted to read and there was no room. */
  starve(): void {
    for (const gauge of this.gauges) if (gauge.room < 1) gauge.starve();
  }

  async stop(): Promise<void> {
    await Promise.all(this.gauges.map((gauge) => gauge.stop()));
    this.gauges = [];
  }
}

function same(a: Probe, b: Probe): boolean {
  return a.brake === b.brake && a.limit === b.limit;
}
