import type { DeadLetterChoice, Position } from '../../src/streams/index.ts';
import { type ChoiceFlags, choiceArguments } from './choice.ts';

/**
 * The command that deletes what was exported of one dead-letter stream, whenever it is run: what came
 * later has a higher id, and `2h` is another time by then.
 */
export function purgeOfExport(
  argument: string,
  flags: ChoiceFlags,
  { filter, ids = [] }: DeadLetterChoice,
  lastId: string,
): string {
  const { since, until = [] } = filter;
  const times = until.filter(({ kind }) => kind === 'time').map(textOf);
  const fixed: ChoiceFlags = {
    ...flags,
    limit: undefined,
    since: since && textOf(since),
    until: [...times, lastId],
  };
  return `qctl dlq purge ${choiceArguments(argument, ids, fixed)}`;
}

function textOf(position: Position): string {
  if (position.kind === 'id') return position.id;
  return position.kind === 'time' ? new Date(Math.max(0, position.ms)).toISOString() : position.kind;
}
