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
/** The longest that a call waits for the answer whether it may go as a probe. */
const LONGEST_WAIT_MS = 250;
/** A probe is given up after so many times its timeout, although its process is heard of. */
const MOST_RENEWALS = 5;

/** The probes of one process that Redis decides on. */
export class Probes {
  /** Those under way, and since when. */
  private readonly leases = new Map<string, number>();
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
    this.leases.set(lease, performance.now());
    try {
      const granted = await this.admitted(lease);
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

  /** Undefined where no answer came in time: a call must not wait for a Redis that hangs. */
  private async admitted(lease: string): Promise<boolean | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), LONGEST_WAIT_MS);
    });
    try {
      return await Promise.race([this.exchange.admit(lease), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The leases to be renewed. A call that hangs shall not keep all others from probing for ever. */
  toRenew(probeTimeoutMs: number): string[] {
    const oldest = performance.now() - MOST_RENEWALS * probeTimeoutMs;
    for (const [lease, since] of this.leases) if (since < oldest) this.leases.delete(lease);
    return [...this.leases.keys()];
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
