import { Option } from 'commander';
import { isPattern } from '../../src/config/streams.ts';
import { formatBytes } from '../../src/model/bytes.ts';
import { plural } from '../../src/model/plural.ts';
import {
  findStreams,
  isOwn,
  isStream,
  resolveStreams,
  type StreamSummary,
  type Summaries,
  streamMissing,
  summariseStreams,
} from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { noteLeftOut } from '../left-out.ts';
import { addConnectionOptions, parsePositiveInteger } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError } from '../stream-work.ts';
import { ageText, COUNTED_AT_ONCE, lagText } from '../streams.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { type Column, formatTable } from '../term/table.ts';

interface LsFlags {
  sort: keyof typeof SORTS;
  limit?: number;
  all?: boolean;
  /** False with `--no-memory`. */
  memory: boolean;
}

/** By what the table can be sorted; null stands last, names go up, all else goes down. */
const SORTS = {
  name: null,
  length: (row: StreamSummary) => row.length,
  lag: (row: StreamSummary) => row.lag ?? row.lagAtLeast,
  pending: (row: StreamSummary) => row.pending,
  memory: (row: StreamSummary) => row.memoryBytes,
  age: (row: StreamSummary) => row.oldestPendingAgeMs,
};

/** `qctl stream ls [PATTERN]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runStreamLs): QctlCommand {
  const command = createCommand(entry)
    .addOption(
      new Option(
        '--sort <field>',
        'what comes first: name, or the largest; age: of what waits longest (default: name)',
      )
        .choices(Object.keys(SORTS))
        .default('name'),
    )
    .option('--limit <n>', 'how many', parsePositiveInteger)
    .option('--all', 'the streams that qctl itself keeps, too')
    .option('--no-memory', 'do not ask how much memory they take');
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl stream ls', 'all streams'],
    ["qctl stream ls 'orders:*' --sort lag", 'those that match, the one that is behind most first'],
    ['qctl stream ls --sort age --limit 5 --watch', 'where entries wait longest, again and again'],
  ]);
  return command.action((pattern: string | undefined, flags: LsFlags) => run(context, pattern, flags));
}

/** Carries it out. */
export async function runStreamLs(
  context: Context,
  pattern: string | undefined,
  flags: LsFlags,
): Promise<void> {
  const { io, options } = context;
  if (flags.sort === 'memory' && !flags.memory) {
    const hint = 'leave out one of the two';
    throw usageError('--sort memory needs what --no-memory does not ask for', 'SORT_CONFLICT', hint);
  }
  const { streams, denied } = await summariesOf(context, pattern, flags);
  const rows = sorted(streams, flags.sort).slice(0, flags.limit);
  if (!options.quiet && denied.length > 0) {
    io.stderr.write(
      `qctl: left out, since this user may not read them: ${grouped(denied.length)} ${plural(denied.length, 'stream')}\n`,
    );
  }
  if (rows.length === 0 && io.stderr.isTTY && !options.quiet) {
    io.stderr.write(pattern === undefined ? 'there are no streams\n' : `no stream matches ${pattern}\n`);
  }
  await renderResult(io, options, {
    type: 'stream',
    data: rows,
    table: () => formatStreams(io.stdout, rows, flags),
  });
}

async function summariesOf(
  context: Context,
  pattern: string | undefined,
  { sort, limit, all, memory }: LsFlags,
): Promise<Summaries> {
  const redis = await context.redis();
  const names = await namesOf(context, pattern, all);
  const shown = sort === 'name' ? names.slice(0, limit) : names;
  const found = await summariseStreams(redis, shown, { memory, count: COUNTED_AT_ONCE });
  const missing = found.streams.length === 0 && pattern !== undefined && !isPattern(pattern);
  if (missing) throw await streamMissing(redis, pattern);
  return found;
}

async function namesOf(context: Context, pattern = '*', all = false): Promise<string[]> {
  const redis = await context.redis();
  if (isPattern(pattern) && !(await isStream(redis, pattern))) {
    const names = await findStreams(redis, pattern, (count) => noteLeftOut(context, count, 'stream'));
    return all || isOwn(pattern) ? names : names.filter((name) => !isOwn(name));
  }
  const settings = await resolveStreams(redis, (await context.config()).streams, pattern);
  return settings.map(({ stream }) => stream);
}

function sorted(rows: readonly StreamSummary[], by: keyof typeof SORTS): readonly StreamSummary[] {
  const pick = SORTS[by];
  if (pick === null) return rows;
  // Those that are not known come last.
  const rank = (row: StreamSummary) => pick(row) ?? -1;
  return rows.toSorted((a, b) => rank(b) - rank(a));
}

function formatStreams(output: Output, rows: readonly StreamSummary[], { memory }: LsFlags): string {
  const columns: Column<StreamSummary>[] = [
    { head: 'STREAM', value: (row) => row.stream, whole: true },
    { head: 'LENGTH', value: (row) => grouped(row.length), align: 'right' },
    { head: 'FIRST-AGE', value: (row) => ageText(row.firstAgeMs), align: 'right' },
    { head: 'LAST-AGE', value: (row) => ageText(row.lastAgeMs), align: 'right' },
    { head: 'GROUPS', value: (row) => row.groups, align: 'right' },
    { head: 'PENDING', value: (row) => grouped(row.pending), align: 'right' },
    { head: 'LAG', value: lagText, align: 'right' },
    { head: 'OLDEST-PENDING', value: (row) => ageText(row.oldestPendingAgeMs), align: 'right' },
  ];
  if (rows.some(({ waiting }) => waiting))
    columns.push({ head: 'WAITING', value: ({ waiting }) => waiting && grouped(waiting), align: 'right' });
  if (memory) columns.push({ head: 'MEMORY', value: memoryText, align: 'right' });
  return formatTable(output, columns, rows);
}

function memoryText({ memoryBytes }: StreamSummary): string | null {
  return memoryBytes === null ? null : formatBytes(memoryBytes);
}
