import type { Message } from '../../model/message.ts';
import { figure, UNKNOWN } from '../figure.ts';
import type { TypeCounts } from '../look.ts';
import type { SqsSampleFacts } from './facts.ts';
import { bucketOf } from './large-payload.ts';
import type { Sampled } from './sample.ts';

/** What the messages of a sample are like. */
export function sampleFacts({ messages, notGivenBack }: Sampled, wanted: number): SqsSampleFacts {
  const sizes = messages.map(({ body }) => body?.length ?? 0).sort((a, b) => a - b);
  const buckets = messages.map(bucketOf).filter((bucket) => bucket !== undefined);
  return {
    received: messages.length,
    wanted,
    medianBytes: percentile(sizes, 0.5),
    p99Bytes: percentile(sizes, 0.99),
    largestBytes: sizes.at(-1) ?? null,
    largePayloads: buckets.length,
    buckets: [...new Set(buckets)].sort(),
    groups: new Set(messages.flatMap(({ key }) => key ?? [])).size,
    oldestAt: oldestOf(messages),
    highestReceiveCount:
      messages.length === 0 ? null : Math.max(...messages.map(({ attempts = 1 }) => attempts)),
    notGivenBack,
  };
}

/** When the oldest of the messages was sent. */
export function oldestOf(messages: Message[]): string | null {
  return messages.flatMap(({ enqueuedAt }) => enqueuedAt ?? []).sort()[0] ?? null;
}

/** The messages by type, their share of the sample standing for that of the queue. */
export function sampledTypes(messages: Message[], visible: number): TypeCounts[] {
  const types = new Map<string | null, Message[]>();
  for (const message of messages) {
    const of = types.get(message.type ?? null);
    if (of) of.push(message);
    else types.set(message.type ?? null, [message]);
  }
  return [...types]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([type, of]) => ({
      type,
      ready: figure(Math.round((visible * of.length) / messages.length), 'sampled'),
      running: UNKNOWN,
      scheduled: UNKNOWN,
      dead: UNKNOWN,
      oldestAt: oldestOf(of),
      // The sample's own receive is no attempt.
      attempts: of.reduce((sum, { attempts = 1 }) => sum + attempts - 1, 0) / of.length,
    }));
}

function percentile(sorted: number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
