import {
  existingStreams,
  type FoundStream,
  groupOf,
  IDLE_MS,
  isIntact,
  type Member,
  readMembers,
} from '../../src/streams/index.ts';
import { chosenStreams } from '../chosen-streams.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { noteLeftOut } from '../left-out.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import type { Output } from '../term/io.ts';
import { renderResult } from '../term/render.ts';
import { type Column, formatTable } from '../term/table.ts';
import { MEMBER_COLUMNS } from './columns.ts';

/** One consumer of one group. */
type Row = { stream: string; group: string } & Member;

/** `qctl consumer ls [STREAM] [GROUP]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runConsumerLs): QctlCommand {
  const command = createCommand(entry);
  addConnectionOptions(command, ['redis']);
  command.addHelpText('after', `\n${NUANCES}`);
  addExamples(command, [
    ['qctl consumer ls orders workers', 'who is at work, and who holds entries and is gone'],
    ['qctl consumer ls orders', 'the consumers of all groups, where the configuration names none'],
  ]);
  return command.action((stream: string | undefined, group: string | undefined) =>
    run(context, stream, group),
  );
}

const NUANCES = `A consumer is active where it asked for entries in the last 5 minutes (minIdle of the stream in qctl.yaml),
idle where it did not and holds nothing, stuck where it did not and holds entries that nobody else gets.
IDLE counts from when it last asked, INACTIVE from when it last got any (Redis 7.2 and newer). One that
blocks on a quiet stream (XREADGROUP BLOCK 0), or on Redis before 7.2 just gets nothing, looks idle.`;

/** Carries it out. */
export async function runConsumerLs(
  context: Context,
  stream: string | undefined,
  group: string | undefined,
): Promise<void> {
  const { io, options } = context;
  const redis = await context.redis();
  const found = await existingStreams(redis, await chosenStreams(context, stream));
  const rows: Row[] = [];
  const groups = groupsOf(found, group);
  noteLeftOut(context, groups.filter(({ name }) => !isIntact(name)).length, 'group');
  for (const { settings, facts, name } of groups.filter((one) => isIntact(one.name))) {
    const members = await readMembers(redis, facts, name, settings.minIdleMs ?? IDLE_MS);
    rows.push(...members.map((member) => ({ stream: facts.stream, group: name, ...member })));
  }
  if (rows.length === 0 && io.stderr.isTTY && !options.quiet) io.stderr.write('there are no consumers\n');
  await renderResult(io, options, {
    type: 'consumer',
    data: rows,
    table: () => formatConsumers(io.stdout, rows),
  });
}

/** The group that is named or configured, of all streams that have it; else all groups. */
function groupsOf(
  found: readonly FoundStream[],
  given: string | undefined,
): (FoundStream & { name: string })[] {
  const all = found.flatMap((one) => one.facts.groups.map(({ group }) => ({ ...one, name: group })));
  const wanted = all.filter(({ settings, name }) => name === (given ?? settings.group ?? name));
  const [first] = found;
  // Throws with what there is.
  if (wanted.length === 0 && (given ?? first!.settings.group)) groupOf(first!.facts, given, first!.settings);
  return wanted;
}

function formatConsumers(output: Output, rows: readonly Row[]): string {
  const columns: Column<Row>[] = [
    { head: 'STREAM', value: (row) => row.stream, whole: true },
    { head: 'GROUP', value: (row) => row.group, whole: true },
    ...MEMBER_COLUMNS,
  ];
  return formatTable(output, columns, rows);
}
