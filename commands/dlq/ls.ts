import { isQctlError, type QctlError } from '../../src/errors.ts';
import {
  type DeadLetterStream,
  type DeadLetterSummary,
  findDeadLetters,
  resolveDeadLetters,
  summariseDeadLetters,
  UNREADABLE,
} from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, parsePositiveInteger } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { withProgress } from '../stream-work.ts';
import { grouped } from '../term/number.ts';
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
    .option(
      '--reasons <n>',
      'how many reasons of a stream are shown apart (default: 20)',
      parsePositiveInteger,
      20,
    )
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
  const { summaries, leftOut } = await summariseAll(context, await meant(context, stream, flags), flags);
  const notes = [...notesOf(summaries), ...leftOut.map(({ message }) => `left out: ${message}`)];
  if (!options.quiet) for (const note of notes) io.stderr.write(`${printable(note)}\n`);
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

interface Summarised {
  summaries: DeadLetterSummary[];
  /** Why some streams are missing: this user may not read them, or they are no streams. */
  leftOut: QctlError[];
}

/** Throws where none of them can be read. */
async function summariseAll(
  context: Context,
  streams: readonly DeadLetterStream[],
  { reasons }: LsFlags,
): Promise<Summarised> {
  const redis = await context.redis();
  return withProgress(context, 'count', async ({ work, progress }) => {
    const found: Summarised = { summaries: [], leftOut: [] };
    for (const dead of streams) {
      const tell = (seen: number, entries: number): void =>
        progress.update(`${dead.stream}: ${grouped(seen)} of ${grouped(entries)} counted`);
      try {
        found.summaries.push(await summariseDeadLetters(redis, dead, { reasons, progress: tell }, work));
      } catch (error) {
        if (!isQctlError(error) || !UNREADABLE.has(error.code)) throw error;
        found.leftOut.push(error);
      }
    }
    if (found.summaries.length === 0 && found.leftOut.length > 0) throw found.leftOut[0]!;
    return found;
  });
}

function notesOf(summaries: readonly DeadLetterSummary[]): string[] {
  if (summaries.length === 0)
    return ['no dead-letter streams are configured, and no stream is called like one'];
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
