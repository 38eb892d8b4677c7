import type { Exchange } from './exchange.ts';

/** A probe that may go. */
export interface Probe {
  lease: string;
  /** Of the half-open time that it belongs to. */
  version: number;
  /** True where this process alone has decided on it. */
  local: boolean;
}

/** How a probe went. */
export interface ProbeEnd {
  outcome: 'ok' | 'fail' | 'none';
  slow: boolean;
  error?: string;
}

/** Who was refused a probe asks again after this. */
const ASK_AGAIN_MS = 100;

/** The probes of one process that Redis decides on. */
export class Probes {
  /** Of those under way: each flush renews them. */
  readonly leases = new Set<string>();
  private readonly unsettled = new Map<string, Omit<Probe, 'local'> & ProbeEnd>();
  private readonly exchange: Exchange;
  private askAgainAt = 0;
  private asking = false;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  /** Asks for a probe: at most every 100 ms, for one call at a time, and not before the open time is over. */
  async ask(lease: string): Promise<Probe | undefined> {
    if (this.asking || performance.now() < this.askAgainAt || !this.isDue()) return undefined;
    this.asking = true;
    this.leases.add(lease);
    try {
      const granted = await this.exchange.admit(lease);
      if (granted) return { lease, version: this.exchange.replica.shared.version, local: false };
      this.leases.delete(lease);
      this.askAgainAt = performance.now() + ASK_AGAIN_MS;
      // It may have been granted all the same, and then nobody else would get it.
      if (granted === undefined)
        this.unsettled.set(lease, { lease, version: 0, outcome: 'none', slow: false });
      return undefined;
    } finally {
      this.asking = false;
    }
  }

  /** As far as this process knows. A longer time than the open time is that of a clock which went back. */
  private isDue(): boolean {
    const { replica } = this.exchange;
    const { state, halfOpenAtMs, openMs } = replica.shared;
    const leftMs = state === 'open' ? (halfOpenAtMs ?? 0) - replica.nowMs() : 0;
    return leftMs <= 0 || leftMs > (openMs ?? 0);
  }

  /** Tells Redis how a probe went, now or as soon as it can be told. */
  async settle({ lease, version }: Probe, end: ProbeEnd): Promise<void> {
    this.leases.delete(lease);
    this.unsettled.set(lease, { lease, version, ...end });
    await this.settleAll();
    this.askAgainAt = 0;
  }

  /** Tells what could not be told before. */
  async settleAll(): Promise<void> {
    for (const [lease, probe] of this.unsettled) {
      if (!this.exchange.isUp()) return;
      if (await this.exchange.settle(probe)) this.unsettled.delete(lease);
    }
  }
}
