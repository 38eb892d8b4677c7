import { compileSelection, PassedOver, type SqsSource } from '../sources/sqs/index.ts';
import type { TargetClock } from './clock.ts';
import type { OpenDrain } from './open.ts';
import { ReceiverCrew, type ReceiverCrewOptions } from './receiver-crew.ts';

/** What the crew of any kind of source is given. */
export type SharedByCrews = Pick<
  ReceiverCrewOptions,
  'sink' | 'meter' | 'throttle' | 'pack' | 'keep' | 'sourceLabel'
>;

/** Puts the receivers of a queue to work. */
export function makeSqsCrew(
  { request }: OpenDrain,
  source: SqsSource,
  shared: SharedByCrews,
  clock: TargetClock,
  elsewhere: Set<string>,
): ReceiverCrew {
  const { visibilityMs, waitSeconds, workers, receivers, goneMs } = request.settings;
  const { client, queueUrl } = source.connection;
  const crew = new ReceiverCrew({
    ...shared,
    bounds: receivers ?? { min: workers, max: workers },
    source: {
      client,
      queueUrl,
      waitSeconds,
      visibilitySeconds: Math.ceil(visibilityMs / 1000),
      targetNow: () => clock.now(),
      note: (text: string) => shared.meter.note(text),
      passedOver: passedOverBy(request, source),
    },
    elsewhere,
    goneMs,
    // A receiver deletes, renews and receives, so that it may need two at once.
    resized: (max) => source.connection.resize(max * 2 + 8),
  });
  source.connection.onThrottle(() => crew.throttled());
  return crew;
}

function passedOverBy({ source: from, settings }: OpenDrain['request'], source: SqsSource) {
  const selection = (from.kind === 'sqs' && from.selection) || {};
  const select = compileSelection(selection, settings.enqueuedBefore);
  if (!select) return undefined;
  const { client, queueUrl } = source.connection;
  return new PassedOver({
    client,
    queueUrl,
    select,
    fifo: source.facts.fifo,
    holdSeconds: Math.min(43_200, Math.max(1, Math.ceil(settings.passOverMs / 1000))),
    maxReceiveCount: source.facts.redrivePolicy?.maxReceiveCount ?? null,
  });
}
