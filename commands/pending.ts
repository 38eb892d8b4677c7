import { fieldsToJson } from '../src/model/entry.ts';
import { plural } from '../src/model/plural.ts';
import { streamIdTimeMs } from '../src/model/stream-id.ts';
import { type PendingEntry, type PendingReport, readPending, requireConsumer } from '../src/streams/index.ts';
import { type ChosenGroup, chosenGroups } from './chosen-streams.ts';
import { addExamples, createCommand, type QctlCommand } from './command.ts';
import type { Context } from './context.ts';
import { formatPending } from './format-pending.ts';
import {
  addConnectionOptions,
  parseDuration,
  parseNonNegativeInteger,
  parsePositiveInteger,
} from './options.ts';
import type { CommandEntry } from './registry.ts';
import { withProgress } from './stream-work.ts';
import { grouped } from './term/number.ts';
import { renderResult } from './term/render.ts';

interface PendingFlags {
  minIdle?: number;
  consumer?: string;
  deliveries?: number;
  limit: number;
  bodies?: boolean;
}

/** `qctl pending STREAM [GROUP]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runPending): QctlCommand {
  const command = createCommand(entry)
    .option('--min-idle <duration>', 'only what was not delivered for so long', parseDuration)
    .option('--consumer <name>', 'only what this consumer holds')
    .option('--deliveries <n>', 'only what was delivered at least so often', parsePositiveInteger)
    .option(
      '--limit <n>',
      'how many entries to list, the oldest first; 0: none (default: 10)',
      parseNonNegativeInteger,
      10,
    )
    .option('--bodies', 'show what stands in them');
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl pending orders workers', 'who holds what, for how long, delivered how often'],
    ['qctl pending orders workers --min-idle 5m --deliveries 3 --bodies', 'what is stuck and what is in it'],
  ]);
  return command.action((stream: string | undefined, group: string | undefined, flags: PendingFlags) =>
    run(context, stream, group, flags),
  );
}

/** Carries it out. */
export async function runPending(
  context: Context,
  stream: string | undefined,
  group: string | undefined,
  flags: PendingFlags,
): Promise<void> {
  const { io, options } = context;
  const chosen = await chosenGroups(context, stream, group);
  const reports: PendingReport[] = [];
  for (const one of chosen) reports.push(await readOne(context, one, flags));
  context.signal.throwIfAborted();
  if (flags.consumer !== undefined) requireAnywhere(reports, flags.consumer);
  const shown = reports.map(toShown);
  await renderResult(io, options, {
    type: 'pending',
    data: shown.length === 1 ? shown[0]! : shown,
    table: () => reports.map((report) => formatPending(io.stdout, report)).join('\n'),
  });
}

/** One of several streams need not know a consumer; where none does, the name is a mistake. */
function requireAnywhere(reports: readonly PendingReport[], consumer: string): void {
  const all = reports.flatMap(({ consumers }) => consumers);
  requireConsumer(all, consumer, reports[0]!.group);
}

async function readOne(
  context: Context,
  { facts, groupFacts }: ChosenGroup,
  { minIdle, consumer, deliveries, limit, bodies }: PendingFlags,
): Promise<PendingReport> {
  const redis = await context.redis();
  const filter = { consumer, minIdleMs: minIdle, minDeliveries: deliveries };
  return withProgress(context, 'look', ({ work, progress }) =>
    readPending(redis, facts, groupFacts, filter, {
      ...{ limit, bodies, work },
      onPage: (seen) =>
        progress.update(`${facts.stream}: ${grouped(seen)} ${plural(seen, 'pending entry')} seen`),
    }),
  );
}

function toShown({ idle, entries, ...report }: PendingReport): object {
  return {
    ...report,
    idle: idle.map(({ atMost, count }) => ({ atMostMs: atMost, count })),
    entries: entries.map(toShownEntry),
  };
}

function toShownEntry({ id, fields, ...entry }: PendingEntry): object {
  const at = streamIdTimeMs(id);
  return {
    id,
    at: at === null ? null : new Date(at).toISOString(),
    ...entry,
    fields: fields && fieldsToJson(fields),
  };
}
