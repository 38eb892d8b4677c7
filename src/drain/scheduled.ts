import type { Finding } from '../model/finding.ts';
import { plural } from '../model/plural.ts';
import type { Depth } from '../sources/source.ts';
import { SqsSource } from '../sources/sqs/index.ts';
import type { OpenSource } from './open.ts';
import type { DrainRequest } from './request.ts';

/**
 * What the plan says of messages that are not due yet: that they wait, or, where the operator says so, that
 * the drain does not begin. `nowMs` is the target's time.
 */
export async function scheduledFindings(
  source: OpenSource,
  depth: Depth,
  { settings, target }: DrainRequest,
  nowMs: number,
): Promise<Finding[]> {
  const sqs = source instanceof SqsSource;
  const count = sqs ? (depth.delayed ?? 0) : await source.scheduled(nowMs, settings.refuseScheduled);
  if (!count) return [];
  if (settings.refuseScheduled)
    return [
      {
        level: 'blocker',
        code: 'SCHEDULED_MESSAGES',
        text: `${count} ${plural(count, 'message')} of the source ${plural(count, 'is')} scheduled for later`,
        remedy: sqs
          ? 'wait until SQS hands them out, or leave out --refuse-scheduled'
          : 'wait until they are due, leave them out with --ready, or leave out --refuse-scheduled',
      },
    ];
  const text = sqs
    ? `${count} ${plural(count, 'message is')} delayed by SQS, which hands ${plural(count, 'it')} out when ${plural(count, 'it is')} due; the drain waits`
    : `${count} ${plural(count, 'message is')} scheduled for later: put aside beside the stream, and moved into it when ${plural(count, 'it is')} due, by this drain while it is at work and then by \`qctl maintain --stream ${target.stream}\``;
  return [{ level: 'note', code: 'SCHEDULED_MESSAGES', text }];
}
