import type { RedisFacts } from '../../backends/redis/index.ts';
import type { Message } from '../../model/message.ts';
import type { CelerySource, Unacked } from '../../sources/celery/index.ts';
import { type Figure, figure, UNKNOWN } from '../figure.ts';
import { percentile } from '../forecast/types.ts';
import type { TypeCounts } from '../look.ts';
import type { CelerySourceFacts } from './facts.ts';
import type { Survey } from './survey.ts';

/** How the queue has changed while it was watched. */
export interface Trend {
  growthPerSecond: number;
  observedMs: number;
}

/** What a look has found. */
export interface Found {
  server: RedisFacts;
  nowMs: number;
  found: Survey;
  /** Null where they were not looked at. */
  unacked: Unacked[] | null;
  /** Clients that wait at the lists; null where that cannot be seen. */
  workers: unknown[] | null;
  trend: Trend | null;
  /** Of the lists, by step of priority. */
  lengths: number[];
}

/** Puts it into the shape that is shown. */
export function factsOf(
  { label, spec, database }: Pick<CelerySource, 'label' | 'spec' | 'database'>,
  { server, nowMs, found, unacked, workers, trend, lengths }: Found,
): CelerySourceFacts {
  return {
    kind: 'celery',
    label,
    queue: `${spec.prefix}${spec.queue}`,
    database,
    serverVersion: server.version,
    lists: spec.steps
      .map((priority, at) => ({ priority, ready: lengths[at]! }))
      .filter(({ ready }) => ready > 0),
    ready: figure(found.total, 'counted'),
    scheduled: shareOf(found, found.all.scheduled),
    expired: shareOf(found, found.all.expired),
    ...heldFacts(unacked, nowMs),
    workersWaiting: workers?.length ?? null,
    ...sizesOf(found),
    growthPerSecond: trend?.growthPerSecond ?? null,
    observedMs: trend?.observedMs ?? null,
    aofEnabled: server.aofEnabled,
    rdbSave: server.rdbSave,
    maxmemoryPolicy: server.maxmemoryPolicy,
  };
}

/** A count of the part that was read, for the whole queue. */
function shareOf({ whole, total, all }: Survey, count: number): Figure {
  if (whole || all.seen === 0) return figure(count, 'counted');
  return figure(Math.round((total * count) / all.seen), 'sampled');
}

/** What workers hold. */
function heldFacts(
  unacked: Unacked[] | null,
  nowMs: number,
): Pick<CelerySourceFacts, 'unacked' | 'unackedWaiting' | 'oldestUnackedAt' | 'oldestUnackedAgeMs'> {
  const times = (unacked ?? []).flatMap(({ sinceMs }) => sinceMs ?? []);
  const oldest = times.length > 0 ? Math.min(...times) : null;
  return {
    unacked: unacked?.length ?? null,
    unackedWaiting: unacked?.filter(({ message }) => isLater(message, nowMs)).length ?? null,
    oldestUnackedAt: oldest === null ? null : new Date(oldest).toISOString(),
    oldestUnackedAgeMs: oldest === null ? null : Math.max(0, Math.round(nowMs - oldest)),
  };
}

function isLater({ notBefore }: Message, nowMs: number): boolean {
  return notBefore !== undefined && Date.parse(notBefore) > nowMs;
}

/** How large messages are. */
function sizesOf({ bodyBytes, bytes, all }: Survey) {
  const sorted = [...bodyBytes].sort((a, b) => a - b);
  return {
    p50BodyBytes: percentile(sorted, 0.5),
    p99BodyBytes: percentile(sorted, 0.99),
    maxBodyBytes: sorted.at(-1) ?? null,
    averageBytes: all.seen === 0 ? null : Math.round(bytes / all.seen),
    messagesSeen: all.seen,
  };
}

/** The tasks of the queue and of what workers hold, the most frequent first. */
export function typesOf(found: Survey, unacked: Unacked[] | null): TypeCounts[] {
  const running = new Map<string | null, number>();
  for (const { message } of unacked ?? [])
    running.set(message.type ?? null, (running.get(message.type ?? null) ?? 0) + 1);
  const names = new Set([...found.tasks.keys(), ...running.keys()]);
  return [...names]
    .map((type) => {
      const tally = found.tasks.get(type);
      return {
        type,
        ready: shareOf(found, tally?.seen ?? 0),
        running: unacked === null ? UNKNOWN : figure(running.get(type) ?? 0, 'counted'),
        scheduled: shareOf(found, tally?.scheduled ?? 0),
        dead: UNKNOWN,
        oldestAt: null,
        attempts: tally && tally.counted > 0 ? tally.retries / tally.counted : null,
      };
    })
    .sort((a, b) => (b.ready.value ?? 0) - (a.ready.value ?? 0));
}
