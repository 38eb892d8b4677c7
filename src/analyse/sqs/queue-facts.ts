import { type DeadLetters, depthOf } from './dead-letters.ts';
import type { SqsSampleFacts, SqsSourceFacts, SqsTrend } from './facts.ts';
import { IN_FLIGHT_LIMIT, type Named } from './findings.ts';
import type { Sampled } from './sample.ts';

/** What a look has found besides the attributes of the queue. */
export interface FoundOut {
  roundTripMs: number;
  trend: SqsTrend | null;
  letters: DeadLetters | null;
  deadLettersOf: string[] | null;
  /** Actions that are denied. */
  missing: string[];
  maySend: boolean;
  sampled: Sampled | null;
}

/** All of it as plain data. */
export function factsOf(
  { label, facts }: Named,
  found: FoundOut,
  sample: SqsSampleFacts | null,
): SqsSourceFacts {
  const { roundTripMs, trend, letters, deadLettersOf, missing, maySend, sampled } = found;
  return {
    kind: 'sqs',
    label,
    arn: facts.arn || null,
    type: facts.fifo ? 'fifo' : 'standard',
    contentBasedDeduplication: facts.contentBasedDeduplication,
    highThroughput: facts.highThroughput,
    visible: facts.visible,
    inFlight: facts.inFlight,
    delayed: facts.delayed,
    inFlightLimit: IN_FLIGHT_LIMIT,
    trend,
    retentionMs: facts.retentionMs,
    visibilityTimeoutMs: facts.visibilityTimeoutMs,
    delayMs: facts.delayMs,
    receiveWaitMs: facts.receiveWaitMs,
    maximumMessageBytes: facts.maximumMessageBytes,
    maxReceiveCount: facts.redrivePolicy?.maxReceiveCount ?? null,
    deadLetters: letters && shownLetters(letters),
    deadLettersOf,
    encryption: facts.encryption,
    kmsKey: facts.kmsKey,
    createdAt: facts.createdMs === null ? null : new Date(facts.createdMs).toISOString(),
    roundTripMs,
    mayReceive: mayReceive(sampled),
    mayDelete: !missing.includes('sqs:DeleteMessage'),
    mayChangeVisibility: !missing.includes('sqs:ChangeMessageVisibility'),
    maySend,
    sample,
  };
}

function shownLetters({ queue, url, facts }: DeadLetters): SqsSourceFacts['deadLetters'] {
  return { queue, url, depth: facts && depthOf(facts), retentionMs: facts?.retentionMs ?? null };
}

function mayReceive(sampled: Sampled | null): boolean | null {
  if (!sampled) return null;
  if (sampled.denied) return false;
  return sampled.messages.length > 0 ? true : null;
}
