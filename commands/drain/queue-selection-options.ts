import type { Command } from 'commander';
import type { SqsSelection } from '../../src/drain/index.ts';
import { parseDuration } from '../options.ts';
import { collectList } from './options.ts';

/** Which messages of a queue are drained. */
export interface QueueSelectionFlags {
  filter?: string;
  type?: string;
  types?: string[];
  passOver?: number;
  allowReceiveCount?: boolean;
}

/** Adds the flags. */
export function addQueueSelectionOptions<C extends Command>(command: C): C {
  command
    .option(
      '--filter <expression>',
      "only messages for which this JMESPath is true: body.risk == 'low'; the rest stays in the source",
    )
    .option('--type <expression>', "the message's type as JMESPath: body.kind, attributes.kind")
    .option(
      '--types <list>',
      'only messages of these types, as --type finds them; the rest stays in the source',
      collectList,
    )
    .option(
      '--pass-over <duration>',
      'how long a message that stays is invisible; renewed while the drain lasts (default: 5m)',
      parseDuration,
    )
    .option(
      '--allow-receive-count',
      'receive messages that stay although their next receives may make dead letters of them',
    );
  return command;
}

/** The selection that flags mean, over what the configuration or the resumed run says. */
export function selectionOf(
  flags: QueueSelectionFlags,
  configured: SqsSelection | undefined,
): SqsSelection | undefined {
  const { filter = configured?.filter, type = configured?.type, types = configured?.types } = flags;
  const all = { filter, type, types };
  const set = Object.entries(all).filter(([, value]) => value !== undefined);
  return set.length > 0 ? Object.fromEntries(set) : undefined;
}
