import { type Family, familyOf, seconds } from '../../model/exposition.ts';
import type { MetricDefinition } from '../../model/series/definition.ts';
import { LOOKING_SERIES } from '../../model/series/looking.ts';
import { REDIS_SERIES } from '../../model/series/redis.ts';
import type { Seen } from '../overview.ts';
import type { RedisRow, Snapshot, SnapshotPart } from '../snapshot.ts';

const PARTS: Record<SnapshotPart, true> = {
  redis: true,
  streams: true,
  deadLetters: true,
  breakers: true,
  runs: true,
  cutovers: true,
  routes: true,
  moves: true,
  stages: true,
};

/** What is true whether Redis is there or not. */
export function lookingFamilies(
  { snapshot, away }: Seen,
  { version, viewers }: { version: string; viewers: number | null },
): Family[] {
  return [
    single(LOOKING_SERIES.up, snapshot && !away ? 1 : 0),
    { definition: LOOKING_SERIES.build, samples: [{ labels: { version }, value: 1 }] },
    single(LOOKING_SERIES.viewers, viewers),
    single(LOOKING_SERIES.looks, snapshot?.seq ?? 0),
    single(LOOKING_SERIES.at, snapshot && Date.parse(snapshot.at) / 1000),
  ];
}

/** How the newest look went. */
export function lookFamilies({ tookMs, intervalMs, streams, streamsLeftOut, missing }: Snapshot): Family[] {
  const gone = new Set(missing.map(({ part }) => part));
  const parts = Object.keys(PARTS) as SnapshotPart[];
  return [
    single(LOOKING_SERIES.took, seconds(tookMs)),
    single(LOOKING_SERIES.interval, seconds(intervalMs)),
    single(LOOKING_SERIES.streams, streams.length),
    single(LOOKING_SERIES.leftOut, streamsLeftOut),
    familyOf(
      LOOKING_SERIES.missing,
      parts,
      (part) => ({ part }),
      (part) => gone.has(part),
    ),
  ];
}

/** A metric without labels. */
export function single(definition: MetricDefinition, value: number | null): Family {
  return { definition, samples: value === null ? [] : [{ labels: {}, value }] };
}

/** The server itself. */
export function redisFamilies(redis: RedisRow): Family[] {
  const family = (name: keyof typeof REDIS_SERIES, value: number | null) =>
    familyOf(
      REDIS_SERIES[name],
      [redis],
      ({ label }) => ({ server: label }),
      () => value,
    );
  return [
    family('usedMemory', redis.usedMemoryBytes),
    family('maxMemory', redis.maxMemoryBytes),
    family('clients', redis.clients),
    family('blocked', redis.blockedClients),
    family('operations', redis.operationsPerSecond),
    family('hits', redis.hitRatio),
    family('uptime', seconds(redis.uptimeMs)),
    family('evicted', redis.evictedKeys),
  ];
}
