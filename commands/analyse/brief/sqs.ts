import type { SqsSourceFacts } from '../../../src/analyse/index.ts';
import { shortList } from '../../../src/model/short-list.ts';
import type { FactRow } from '../fact-text.ts';
import { bytes, count, lasting, latency, listed, rate, UNKNOWN } from './words.ts';

/** What of a queue an operator looks at first. */
export function briefSqs(facts: SqsSourceFacts): FactRow[] {
  const { visible, inFlight, inFlightLimit, delayed, trend, roundTripMs, deadLettersOf } = facts;
  return [
    ['queue', queueText(facts)],
    ['ready', `${count(visible)} (reported)`],
    [
      'not ready',
      `${count(inFlight)} of at most ${count(inFlightLimit)} in flight, ${count(delayed)} delayed`,
    ],
    ...(trend ? [['trend', trendText(trend)] as FactRow] : []),
    ['times', timesText(facts)],
    ['dead letters', deadLettersText(facts)],
    ...((deadLettersOf ?? []).length > 0
      ? [['dead letters of', shortList(deadLettersOf ?? [])] as FactRow]
      : []),
    ['allowed', allowedText(facts)],
    ['round trip', latency(roundTripMs)],
    ['sample', sampleText(facts)],
  ];
}

function queueText({ type, highThroughput, contentBasedDeduplication, encryption }: SqsSourceFacts): string {
  return listed(
    type === 'fifo' ? 'FIFO' : 'standard',
    highThroughput === true && 'high throughput',
    contentBasedDeduplication && 'content-based deduplication',
    encryption === 'none' && 'not encrypted',
    (encryption === 'kms' || encryption === 'sqs') && `encrypted with a key of ${encryption.toUpperCase()}`,
  );
}

function trendText(trend: NonNullable<SqsSourceFacts['trend']>): string {
  const { observedMs, visiblePerSecond, inFlightPerSecond, delayedPerSecond, deadLettersPerSecond } = trend;
  const parts = listed(
    `ready ${signed(visiblePerSecond)}`,
    `in flight ${signed(inFlightPerSecond)}`,
    `delayed ${signed(delayedPerSecond)}`,
    deadLettersPerSecond !== null && `dead letters ${signed(deadLettersPerSecond)}`,
  );
  return `${parts}; observed for ${lasting(observedMs)}`;
}

function signed(perSecond: number): string {
  return `${perSecond > 0 ? '+' : ''}${rate(perSecond)}`;
}

function timesText({ retentionMs, visibilityTimeoutMs, delayMs }: SqsSourceFacts): string {
  return listed(
    `retention ${lasting(retentionMs)}`,
    `visibility timeout ${lasting(visibilityTimeoutMs)}`,
    delayMs > 0 && `delay ${lasting(delayMs)}`,
  );
}

function deadLettersText({ deadLetters, maxReceiveCount }: SqsSourceFacts): string {
  if (!deadLetters) return 'no dead-letter queue';
  const after = maxReceiveCount === null ? '' : `, after ${count(maxReceiveCount)} receives`;
  return `${count(deadLetters.depth)} in ${deadLetters.queue}${after}`;
}

function allowedText({ mayReceive, mayDelete, mayChangeVisibility, maySend }: SqsSourceFacts): string {
  const rights: [boolean | null, string][] = [
    [mayReceive, 'receive'],
    [mayDelete, 'delete'],
    [mayChangeVisibility, 'change visibility'],
    [maySend, 'send'],
  ];
  const of = (value: boolean | null) =>
    rights.flatMap(([may, name]) => (may === value ? [name] : [])).join(', ');
  const parts = [of(true), of(false) && `not allowed: ${of(false)}`, of(null) && `unknown: ${of(null)}`];
  return parts.filter(Boolean).join('; ');
}

function sampleText({ sample }: SqsSourceFacts): string {
  if (!sample) return 'none: --sample N receives some and gives them back';
  const { received, wanted, medianBytes, p99Bytes, largestBytes, largePayloads, groups, notGivenBack } =
    sample;
  return listed(
    `${count(received)} received`,
    wanted < received && `${count(wanted)} of them wanted`,
    medianBytes === null ? `sizes ${UNKNOWN}` : `median ${bytes(medianBytes)}, p99 ${bytes(p99Bytes)}`,
    largestBytes !== null && `largest ${bytes(largestBytes)}`,
    largePayloads > 0 && `${count(largePayloads)} with bodies in S3`,
    groups > 0 && `${count(groups)} groups`,
    notGivenBack > 0 && `${count(notGivenBack)} not given back yet`,
  );
}
