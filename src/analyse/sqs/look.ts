import { maySend } from '../../backends/sqs/index.ts';
import type { DrainSettings, DrainSource } from '../../drain/index.ts';
import type { Message } from '../../model/message.ts';
import {
  compileSelection,
  missingRight,
  type SqsSelection,
  SqsSource,
  selectionFindings,
  selects,
} from '../../sources/sqs/index.ts';
import { type Figure, figure } from '../figure.ts';
import type { LookOptions, SourceLook } from '../look.ts';
import { deadLetterFindings } from './dead-letter-findings.ts';
import { deadLettersOf, lookAtDeadLetters } from './dead-letters.ts';
import type { SqsSourceFacts } from './facts.ts';
import { queueFindings, trendFindings, wayBackFindings } from './findings.ts';
import { notCarried } from './not-carried.ts';
import { type FoundOut, factsOf } from './queue-facts.ts';
import { inBatches, refuseFewReceives, type Sampled, takeSample } from './sample.ts';
import { oldestOf, sampledTypes, sampleFacts } from './sample-facts.ts';
import { sampleFindings } from './sample-findings.ts';
import { type Observed, observe, ratesOf, roundTripMs } from './trend.ts';

/**
 * Looks at an SQS queue and its dead-letter queue. Receives nothing, unless asked for a sample; then messages are
 * received and given back at once.
 *
 * @throws QctlError `refused` (SAMPLE_RECEIVE_COUNT) where a sample would soon make dead letters
 * @throws Interrupted where the signal ends it
 */
export async function lookAtSqs(
  source: Extract<DrainSource, { kind: 'sqs' }>,
  settings: DrainSettings,
  options: LookOptions,
): Promise<SourceLook<SqsSourceFacts>> {
  const selection = source.selection ?? {};
  const queue = await SqsSource.open(source.connection);
  try {
    return await lookAtQueue(queue, selection, settings, options);
  } finally {
    await queue.close();
  }
}

async function lookAtQueue(
  queue: SqsSource,
  selection: SqsSelection,
  settings: DrainSettings,
  options: LookOptions,
): Promise<SourceLook<SqsSourceFacts>> {
  if (options.sample > 0) refuseFewReceives(queue);
  const { found, observed } = await lookThrough(queue, options);
  const { sampled } = found;
  const now = { label: queue.label, facts: observed?.after ?? queue.facts };
  const wanted = wantedOf(sampled, selection, settings);
  const received = sampled && sampleFacts(sampled, wanted.length);
  const { visible } = now.facts;
  return {
    label: queue.label,
    facts: factsOf(now, found, received),
    findings: [
      ...found.missing.map(missingRight),
      ...queue.findings(settings.visibilityMs),
      ...(selects(selection, settings.enqueuedBefore)
        ? selectionFindings(now.facts, settings.allowReceiveCount)
        : []),
      ...wayBackFindings(found.maySend, now),
      ...queueFindings(now, found.deadLettersOf),
      ...deadLetterFindings(now, found.letters),
      ...trendFindings(now, found.trend, settings),
      ...sampleFindings(now, sampled, received),
    ],
    backlog: backlogOf(visible, sampled, wanted),
    ...ratesOf(observed),
    oldestAt: oldestOf(sampled?.messages ?? []),
    types: sampled && selection.type !== undefined ? sampledTypes(sampled.messages, visible) : null,
    sample: inBatches(wanted),
    notCarried: notCarried(now.facts),
  };
}

/** Asks the queue and what belongs to it, and receives a sample where one is wanted. */
async function lookThrough(
  queue: SqsSource,
  { observeMs, sample, signal }: LookOptions,
): Promise<{ found: FoundOut; observed: Observed | null }> {
  const roundTrip = await roundTripMs(() => queue.look());
  const [missing, back, letters, deadOf] = await Promise.all([
    queue.missingRights(),
    maySend(queue.connection),
    lookAtDeadLetters(queue),
    deadLettersOf(queue),
  ]);
  const observed = observeMs > 0 ? await observe(() => queue.look(), letters, observeMs, signal) : null;
  // Without the right to give messages back none is received.
  const mayGiveBack = !missing.includes('sqs:ChangeMessageVisibility');
  const sampled = sample > 0 && mayGiveBack ? await takeSample(queue, sample, signal) : null;
  const trend = observed?.trend ?? null;
  const found = {
    roundTripMs: roundTrip,
    trend,
    letters,
    deadLettersOf: deadOf,
    missing,
    maySend: back,
    sampled,
  };
  return { found, observed };
}

/** The messages of the sample that the move would take; all of them get their type. */
function wantedOf(sampled: Sampled | null, selection: SqsSelection, settings: DrainSettings): Message[] {
  const select = compileSelection(selection, settings.enqueuedBefore);
  return (sampled?.messages ?? []).filter((message) => select?.(message) === undefined);
}

function backlogOf(visible: number, sampled: Sampled | null, wanted: Message[]): Figure {
  const received = sampled?.messages.length ?? 0;
  if (wanted.length === received) return figure(visible, 'reported');
  return figure(Math.round((visible * wanted.length) / received), 'sampled');
}
