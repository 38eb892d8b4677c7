import { listRuns, type RunSummary, runFamilies, summaryOf } from '../../src/drain/index.ts';
import { formatFamilies } from '../../src/model/exposition.ts';
import { askRedis } from '../ask-redis.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, parsePositiveInteger } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { type Column, formatTable } from '../term/table.ts';

interface ListFlags {
  limit: number;
}

/** `qctl drain list`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDrainList): QctlCommand {
  const command = createCommand(entry).option(
    '--limit <n>',
    'how many, the newest first (default: 20)',
    parsePositiveInteger,
    20,
  );
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl drain list', 'the newest runs, and how far each has come'],
    [
      'qctl drain list -o prometheus --out-file /var/lib/node_exporter/qctl-runs.prom',
      'as metrics, from cron',
    ],
  ]);
  return command.action((flags: ListFlags) => run(context, flags));
}

/** Carries it out. */
export async function runDrainList(context: Context, flags: ListFlags): Promise<void> {
  const { io, options } = context;
  const redis = await context.redis();
  const runs = await askRedis(redis, 'list the runs', () => listRuns(redis, flags.limit));
  if (runs.length === 0 && io.stderr.isTTY && !options.quiet) io.stderr.write('no runs are recorded\n');
  await renderResult(io, options, {
    type: 'run',
    data: runs.map(summaryOf),
    table: () => formatRuns(io.stdout, runs),
    prometheus: () => formatFamilies(runFamilies(runs)),
  });
}

function formatRuns(output: Output, runs: RunSummary[]): string {
  const columns: Column<RunSummary>[] = [
    { head: 'RUN', value: (run) => run.run, whole: true },
    { head: 'STATE', value: stateText },
    { head: 'MODE', value: (run) => run.mode },
    { head: 'STREAM', value: (run) => run.stream },
    { head: 'APPENDED', value: (run) => grouped(run.appended), align: 'right' },
    { head: 'OPEN', value: (run) => grouped(run.open), align: 'right' },
    { head: 'QUARANTINED', value: (run) => grouped(run.quarantined), align: 'right' },
    { head: 'CREATED', value: (run) => toTheSecond(run.createdAt) },
    { head: 'SEEN', value: (run) => toTheSecond(run.lastSeenAt) },
    { head: 'EXPIRES', value: (run) => toTheSecond(run.expiresAt) },
  ];
  return formatTable(output, columns, runs);
}

/** A pause outlives the processes: it holds whoever continues the run. */
function stateText({ state, paused }: RunSummary): string {
  return paused && state === 'stopped' ? 'stopped, paused' : state;
}

function toTheSecond(at: string | null): string | null {
  return at && `${at.slice(0, 19)}Z`;
}
