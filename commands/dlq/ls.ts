import {
  type DeadLetterStream,
  type DeadLetterSummary,
  findDeadLetters,
  resolveDeadLetters,
  summariseDeadLetters,
} from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { group as grouped } from '../drain/format-plan.ts';
import { addConnectionOptions, parsePositiveInteger } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { withProgress } from '../stream-work.ts';
import { renderResult } from '../term/render.ts';
import { printable } from '../term/text.ts';
import { formatSummaries } from './format-summary.ts';

interface LsFlags {
  reasons: number;
  deadLetter?: string;
}

/** `qctl dlq ls [STREAM]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDlqLs): QctlCommand {
  const command = createCommand(entry)
    .option('--reasons <n>', 'how many reasons of a stream are shown apart', parsePositiveInteger, 20)
    .option('--dead-letter <stream>', 'where they are (default: deadLetter of the stream, else STREAM:dead)');
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl dlq ls', 'everything that died, by dead-letter stream and reason'],
    ['qctl dlq ls orders', 'the dead letters of one stream'],
    ["qctl dlq ls 'orders:*' -o json", 'those of all streams that match, for a script'],
  ]);
  return command.action((stream: string | undefined, flags: LsFlags) => run(context, stream, flags));
}

/** Carries it out. */
export async function runDlqLs(context: Context, stream: string | undefined, flags: LsFlags): Promise<void> {
  const { io, options } = context;
  const summaries = await summariseAll(context, await meant(context, stream, flags), flags);
  if (!options.quiet) for (const note of notesOf(summaries)) io.stderr.write(`${printable(note)}\n`);
  await renderResult(io, options, {
    type: 'dead-letter-stream',
    data: summaries,
    table: () => formatSummaries(io.stdout, summaries),
  });
}

async function meant(
  context: Context,
  stream: string | undefined,
  { deadLetter }: LsFlags,
): Promise<DeadLetterStream[]> {
  const redis = await context.redis();
  const { streams, defaults } = await context.config();
  const argument = stream ?? deadLetter;
  if (argument !== undefined) return resolveDeadLetters(redis, streams, argument, deadLetter);
  return findDeadLetters(redis, streams, defaults.stream);
}

async function summariseAll(
  context: Context,
  streams: readonly DeadLetterStream[],
  { reasons }: LsFlags,
): Promise<DeadLetterSummary[]> {
  const redis = await context.redis();
  return withProgress(context, 'count', async ({ work, progress }) => {
    const summaries: DeadLetterSummary[] = [];
    for (const dead of streams) {
      const tell = (seen: number, entries: number): void =>
        progress.update(`${dead.stream}: ${grouped(seen)} of ${grouped(entries)} counted`);
      summaries.push(await summariseDeadLetters(redis, dead, { reasons, progress: tell }, work));
    }
    return summaries;
  });
}

function notesOf(summaries: readonly DeadLetterSummary[]): string[] {
  if (summaries.length === 0) return ['no dead-letter streams are configured, and none is called …:dead'];
  return summaries.flatMap(({ stream, reasons, exactReasons }) => {
    const others = reasons.at(-1)?.otherReasons ?? 0;
    if (!exactReasons)
      return [
        `${stream}: there are too many different reasons to count each: those shown may be more frequent than it says`,
      ];
    return others === 0
      ? []
      : [`${stream}: ${grouped(others)} rarer reasons go together as 'other'; --reasons shows more`];
  });
}
