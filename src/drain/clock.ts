import type { Cluster, Redis } from 'ioredis';

/** The target's clock, kept by this process's monotonic one: no step of the local clock moves it. */
export class TargetClock {
  private offsetMs = 0;

  /** Asks the server. */
  async sync(client: Redis | Cluster): Promise<void> {
    const before = performance.now();
    const [seconds, micros] = (await client.time()) as unknown as [string, string];
    const middle = (before + performance.now()) / 2;
    this.offsetMs = Number(seconds) * 1000 + Number(micros) / 1000 - middle;
  }

  now(): number {
    return performance.now() + this.offsetMs;
  }
}
