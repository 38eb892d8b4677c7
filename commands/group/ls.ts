import { isQctlError } from '../../src/errors.ts';
import {
  describeGroup,
  existingStreams,
  type FoundStream,
  type GroupDetail,
} from '../../src/streams/index.ts';
import { chosenStreams } from '../chosen-streams.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { withProgress } from '../stream-work.ts';
import { addCountOption, ageText, COUNTED_AT_ONCE, type CountFlags, lagText } from '../streams.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { type Column, formatTable } from '../term/table.ts';

/** `qctl group ls [STREAM]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runGroupLs): QctlCommand {
  const command = addCountOption(createCommand(entry));
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl group ls orders', 'the groups of a stream, and how far behind they are'],
    ["qctl group ls 'orders:*'", 'those of all streams that match; without a stream: of all there are'],
  ]);
  return command.action((stream: string | undefined, flags: CountFlags) => run(context, stream, flags));
}

/** Carries it out. */
export async function runGroupLs(
  context: Context,
  stream: string | undefined,
  { countUpTo: limit }: CountFlags,
): Promise<void> {
  const { io, options } = context;
  const redis = await context.redis();
  const found = await streamsOf(context, stream, limit);
  const rows = await withProgress(context, 'look', async ({ work }) => {
    const done: GroupDetail[] = [];
    for (const { facts } of found) {
      for (const group of facts.groups) done.push(await describeGroup(redis, facts, group, { limit, work }));
    }
    return done;
  });
  if (rows.length === 0 && io.stderr.isTTY && !options.quiet) io.stderr.write('there are no groups\n');
  await renderResult(io, options, {
    type: 'group',
    data: rows,
    table: () => formatGroups(io.stdout, rows),
  });
}

/** A server without streams has no groups; a stream or pattern that was named must be there. */
async function streamsOf(
  context: Context,
  stream: string | undefined,
  limit: number,
): Promise<FoundStream[]> {
  const named = stream ?? (await context.config()).defaults.stream;
  try {
    const chosen = await chosenStreams(context, named ?? '*');
    return await existingStreams(await context.redis(), chosen, { count: Math.min(limit, COUNTED_AT_ONCE) });
  } catch (error) {
    if (named === undefined && isQctlError(error) && error.code === 'STREAM_MISSING') return [];
    throw error;
  }
}

function formatGroups(output: Output, rows: readonly GroupDetail[]): string {
  const columns: Column<GroupDetail>[] = [
    { head: 'STREAM', value: (row) => row.stream, whole: true },
    { head: 'GROUP', value: (row) => row.group, whole: true },
    { head: 'CONSUMERS', value: (row) => grouped(row.consumers), align: 'right' },
    { head: 'PENDING', value: (row) => grouped(row.pending), align: 'right' },
    { head: 'OLDEST-PENDING', value: (row) => ageText(row.oldestPendingAgeMs), align: 'right' },
    { head: 'LAG', value: lagText, align: 'right' },
    { head: 'HOW', value: (row) => row.lagHow },
    { head: 'LAST-DELIVERED', value: (row) => row.lastDeliveredId },
    { head: 'AGE', value: (row) => ageText(row.lastDeliveredAgeMs), align: 'right' },
  ];
  return formatTable(output, columns, rows);
}
