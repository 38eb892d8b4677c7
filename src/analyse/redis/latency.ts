import type { Redis } from 'ioredis';
import { ping } from '../../backends/redis/index.ts';
import { ifAllowed } from '../../backends/redis/info.ts';

/** How long round trips take from this host, and how far the clocks are apart. Null: it may not be asked. */
export interface Latency {
  pingP50Ms: number | null;
  pingP99Ms: number | null;
  scriptP50Ms: number | null;
  scriptP99Ms: number | null;
  /** How far the server's clock is ahead of this host's. */
  clockSkewMs: number | null;
}

const CALLS = 100;
/** A far server is asked less often: fewer calls, after so long. */
const MOST_MS = 120;
/** The shortest of so many round trips tells the time best. */
const CLOCK_CALLS = 4;

/** A script that only reads, and as little as one can. */
const NOTHING = 'return 1';

/** Measures one server, one call after another. */
export async function measureLatency(node: Redis): Promise<Latency> {
  const pings = await timed(() => ping(node));
  const scripts = await timed(() => node.eval(NOTHING, 0));
  return {
    pingP50Ms: percentile(pings, 0.5),
    pingP99Ms: percentile(pings, 0.99),
    scriptP50Ms: percentile(scripts, 0.5),
    scriptP99Ms: percentile(scripts, 0.99),
    clockSkewMs: await clockSkewMs(node),
  };
}

/** Round trips in ms, the shortest first; empty where the server refuses. */
async function timed(call: () => Promise<unknown>): Promise<number[]> {
  const begun = performance.now();
  const taken: number[] = [];
  while (taken.length < CALLS && performance.now() - begun < MOST_MS) {
    const before = performance.now();
    if ((await ifAllowed(call())) === null) return [];
    taken.push(performance.now() - before);
  }
  return taken.sort((a, b) => a - b);
}

/** The nearest rank; null of nothing. To a microsecond: the clock knows no more. */
function percentile(sorted: readonly number[], part: number): number | null {
  const value = sorted[Math.ceil(sorted.length * part) - 1];
  return value === undefined ? null : Math.round(value * 1000) / 1000;
}

async function clockSkewMs(node: Redis): Promise<number | null> {
  let best: { tripMs: number; skewMs: number } | undefined;
  for (let call = 0; call < CLOCK_CALLS; call += 1) {
    const [sentAt, before] = [Date.now(), performance.now()];
    const time = await ifAllowed(node.time());
    if (time === null) return null;
    const tripMs = performance.now() - before;
    const serverMs = Number(time[0]) * 1000 + Number(time[1]) / 1000;
    if (!best || tripMs < best.tripMs) best = { tripMs, skewMs: serverMs - (sentAt + tripMs / 2) };
  }
  return best ? Math.round(best.skewMs) : null;
}
