import { type RunStatus, runFamilies, runStatus } from '../../src/drain/index.ts';
import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { formatFamilies } from '../../src/model/exposition.ts';
import { askRedis } from '../ask-redis.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { type CellValue, formatFields } from '../term/table.ts';
import { inWordsOfBack } from './format-back.ts';
import { heldText, rowsOf } from './format-plan.ts';
import { scheduled } from './format-report.ts';

/** `qctl drain status RUN`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDrainStatus): QctlCommand {
  const command = addConnectionOptions(createCommand(entry), ['redis']);
  addExamples(command, [
    ['qctl drain list', 'what runs there are'],
    ['qctl drain status alerts-20261121-090446-0171 --watch', 'look at one until Ctrl-C'],
  ]);
  return command.action((name: string) => run(context, name));
}

/** Carries it out. */
export async function runDrainStatus(context: Context, name: string): Promise<void> {
  const { io, options } = context;
  const redis = await context.redis();
  const status = await askRedis(redis, `look at run ${name}`, () => runStatus(redis, name));
  await renderResult(io, options, {
    type: 'status',
    data: status,
    table: () => formatStatus(io.stdout, status),
    prometheus: () => formatFamilies(runFamilies([status])),
  });
}

function formatStatus(output: Output, status: RunStatus): string {
  const rows: (readonly [string, CellValue])[] = [
    ['run', status.run],
    ['state', status.state],
    ['mode', status.mode],
    ['source', status.source],
    [
      'target',
      `${status.target} stream ${status.stream}${status.partitions > 1 ? ` in ${status.partitions} partitions` : ''}`,
    ],
    ['read', grouped(status.read)],
    ['appended', `${grouped(status.appended)} (${formatBytes(status.payloadBytes)})`],
    ...scheduled(status),
    ...(status.nextDueAt === null ? [] : [['next due', status.nextDueAt] as const]),
    ['duplicates suppressed', grouped(status.duplicatesSuppressed)],
    ['settled', status.mode === 'copy' ? 'not asked for: copy mode' : grouped(status.settled)],
    ['open', grouped(status.open)],
    ...rowsOf(liveRows(status)),
    ['quarantined', grouped(status.quarantined)],
    ...(status.reappended > 0
      ? [['appended again', `${grouped(status.reappended)} that the target had lost`] as const]
      : []),
    ...(status.unevaluated
      ? [
          [
            'not evaluated',
            `${grouped(status.unevaluated.count)}, such as ${status.unevaluated.example}: left out by the filter`,
          ] as const,
        ]
      : []),
    ['started', `${status.createdAt} by ${status.startedBy}`],
    ['finished', status.finishedAt],
    ['last seen', status.lastSeenAt],
    ...rowsOf([
      ['expires', status.expiresAt],
      ['takes', status.enqueuedBefore && `what was enqueued before ${status.enqueuedBefore}`],
      ['paused', status.paused && heldText(status.paused)],
    ]),
    ...status.brakes.map(
      ({ brake, reason, since }) => ['braked', `${brake}: ${reason} (since ${since})`] as const,
    ),
    ...status.waits.map((wait) => ['waits for', wait] as const),
    ...status.overrides.map(
      (one) => ['set for the run', `${one.setting}=${one.value} ${heldText(one)}`] as const,
    ),
    ['time at work', formatDuration(status.activeMs)],
    ...status.processesAlive.map(
      (info) => ['at work', `pid ${info.pid} on ${info.host} since ${info.since}`] as const,
    ),
  ];
  return formatFields(output, status.mode === 'back' ? inWordsOfBack(rows) : rows);
}

function rateText({ ratePerSecond, etaMs }: RunStatus): string | null {
  if (ratePerSecond === null) return null;
  return `${grouped(ratePerSecond)}/s${etaMs ? `, ETA ${formatDuration(etaMs)}` : ''}`;
}

function liveRows({ processes, remaining, ...status }: RunStatus): [string, string | null][] {
  if (processes === 0) return [];
  return [
    ['remaining', remaining === null ? 'unknown' : grouped(remaining)],
    ['rate', rateText({ processes, remaining, ...status })],
  ];
}
