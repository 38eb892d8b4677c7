import type { Command } from 'commander';
import { plural } from '../../src/model/plural.ts';
import { shellWord } from '../../src/model/shell-word.ts';
import { formatStreamId, parseStreamId } from '../../src/model/stream-id.ts';
import {
  type DeadLetterChoice,
  type DeadLetterFilter,
  type DeadLetterStream,
  isOpen,
  parsePosition,
  resolveDeadLetters,
  serverTimeMs,
} from '../../src/streams/index.ts';
import type { Context } from '../context.ts';
import { parsePositiveInteger } from '../options.ts';
import { usageError } from '../stream-work.ts';
import { grouped } from '../term/number.ts';

/** The flags that choose dead letters. */
export interface ChoiceFlags {
  deadLetter?: string;
  reason?: string;
  group?: string;
  stream?: string;
  type?: string;
  priority?: string;
  since?: string;
  until?: string[];
  limit?: number;
}

/** Adds them. */
export function addChoice<C extends Command>(command: C, limit?: number): C {
  const shown =
    limit === undefined ? 'at most so many, the oldest first' : 'how many, the oldest first (default: 20)';
  command
    .option('--reason <text>', "only those of this reason; * stands for anything: 'timeout*'")
    .option('--group <name>', 'only those that died in this group')
    .option('--stream <name>', 'only those that come from this stream')
    .option('--type <text>', 'only messages of this type')
    .option('--priority <text>', 'only messages of this priority')
    .option('--since <position>', 'died then or later: 2h, a time, or the id of a dead letter')
    .option('--until <position>', 'died then or earlier, or up to that id; given twice both hold', collected)
    .option('--limit <n>', shown, parsePositiveInteger, limit)
    .option('--dead-letter <stream>', 'where they are (default: deadLetter of the stream, else STREAM:dead)');
  return command;
}

function collected(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** Dead letters as the arguments choose them. */
export interface Chosen {
  streams: DeadLetterStream[];
  choice: DeadLetterChoice;
}

/** From arguments and flags to what is meant. Throws `usage` before anything is connected where they are wrong. */
export async function chosenLetters(
  context: Context,
  argument: string,
  ids: readonly string[],
  flags: ChoiceFlags,
): Promise<Chosen> {
  const wanted = ids.map(checkedId);
  positionsOf(flags, 0);
  const redis = await context.redis();
  const { streams: configured } = await context.config();
  const streams = await resolveDeadLetters(redis, configured, argument, flags.deadLetter);
  const timed = flags.since !== undefined || flags.until !== undefined;
  const filter = filterOf(flags, timed ? await serverTimeMs(redis) : 0);
  return { streams, choice: { filter, limit: flags.limit, ids: wanted.length > 0 ? wanted : undefined } };
}

/**
 * What is destructive takes no dead letter that nobody has chosen. Throws `usage` where nothing is chosen,
 * or everything and something.
 */
export function requireChoice(
  verb: string,
  ids: readonly string[],
  flags: ChoiceFlags & { all?: boolean },
): void {
  const some = ids.length > 0 || !isOpen({ ...filterOf(flags, 0) });
  if (some && flags.all)
    throw usageError(
      '--all leaves nothing to choose',
      'DLQ_CHOICE',
      'leave out --all, or the ids and filters',
    );
  if (some || flags.all) return;
  throw usageError(
    `nothing says which dead letters to ${verb}`,
    'DLQ_CHOICE',
    'name their ids, choose by --reason, --group, --stream, --type, --priority, --since or --until, or give --all',
    "'qctl dlq ls' counts them, 'qctl dlq show' lists them",
  );
}

function filterOf(flags: ChoiceFlags, nowMs: number): DeadLetterFilter {
  const { reason, group, stream, type, priority } = flags;
  return { reason, group, stream, type, priority, ...positionsOf(flags, nowMs) };
}

function positionsOf(
  { since, until }: ChoiceFlags,
  nowMs: number,
): Pick<DeadLetterFilter, 'since' | 'until'> {
  return {
    since: since === undefined ? undefined : parsePosition(since, nowMs),
    until: until?.map((text) => parsePosition(text, nowMs)),
  };
}

function checkedId(text: string): string {
  const id = parseStreamId(text);
  if (id) return formatStreamId(id);
  throw usageError(`${text} is no id of a dead letter`, 'BAD_ID', "'qctl dlq show' lists the ids");
}

/** The same choice as arguments of another verb, fit for a shell. */
export function choiceArguments(argument: string, ids: readonly string[], flags: ChoiceFlags): string {
  const named = [
    'deadLetter',
    'reason',
    'group',
    'stream',
    'type',
    'priority',
    'since',
    'until',
    'limit',
  ] as const;
  const given = named.flatMap((name) => {
    const values = [flags[name] ?? []].flat();
    return values.flatMap((value) => [`--${name.replace(/[A-Z]/g, '-$&').toLowerCase()}`, String(value)]);
  });
  return [argument, ...ids, ...given].map(shellWord).join(' ');
}

/** `1 dead letter`, `1,234 dead letters`. */
export function lettersText(count: number): string {
  return `${grouped(count)} ${plural(count, 'dead letter')}`;
}
