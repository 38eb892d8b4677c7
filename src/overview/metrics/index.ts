import { runFamilies } from '../../drain/index.ts';
import { type Family, formatFamilies } from '../../model/exposition.ts';
import { LOOKING_SERIES } from '../../model/series/looking.ts';
import type { Seen } from '../overview.ts';
import type { Snapshot } from '../snapshot.ts';
import { breakerFamilies } from './breaker-families.ts';
import { lookFamilies, lookingFamilies, redisFamilies, single } from './looking-families.ts';
import { cutoverFamilies, moveFamilies, routeFamilies } from './move-families.ts';
import { stageFamilies } from './stage-families.ts';
import { type ConsumerFacts, consumerFamilies, streamFamilies } from './stream-families.ts';

export type { ConsumerFacts };

/** What Prometheus is told besides the looks. */
export interface MetricsAbout {
  /** Of qctl. */
  version: string;
  /** How many are told of each look; null where nobody counts them. */
  viewers: number | null;
  /** Consumers of the newest look, where they were asked for: each of them is two series. */
  consumers?: readonly ConsumerFacts[];
}

/** Consumers beyond these are counted, and not told of one by one. */
const MOST_CONSUMERS = 5000;

/**
 * Everything of the newest look in the text format of Prometheus. While Redis is away `qctl_up` is 0, and what was
 * seen before is left out: it would look as if it were still so.
 */
export function metricsText(seen: Seen, about: MetricsAbout): string {
  const families = lookingFamilies(seen, about);
  if (seen.snapshot && !seen.away) families.push(...snapshotFamilies(seen.snapshot, about.consumers));
  return formatFamilies(families);
}

/** All metrics of a look, and of its consumers where they are given. */
export function snapshotFamilies(snapshot: Snapshot, consumers?: readonly ConsumerFacts[]): Family[] {
  const nowMs = Date.parse(snapshot.at);
  return [
    ...lookFamilies(snapshot),
    ...redisFamilies(snapshot.redis),
    ...streamFamilies(snapshot.streams, snapshot.deadLetters),
    ...(consumers ? boundedConsumers(consumers) : []),
    ...stageFamilies(snapshot.stages),
    ...breakerFamilies(snapshot.breakers, nowMs),
    ...runFamilies(snapshot.runs),
    ...cutoverFamilies(snapshot.cutovers, nowMs),
    ...routeFamilies(snapshot.routes),
    ...moveFamilies(snapshot.moves),
  ];
}

function boundedConsumers(consumers: readonly ConsumerFacts[]): Family[] {
  return [
    ...consumerFamilies(consumers.slice(0, MOST_CONSUMERS)),
    single(LOOKING_SERIES.consumersLeftOut, Math.max(0, consumers.length - MOST_CONSUMERS)),
  ];
}
