import { plural } from '../../src/model/plural.ts';
import {
  type GroupFacts,
  groupOf,
  type Lag,
  measureLag,
  pendingRefused,
  removeGroup,
  requireFacts,
} from '../../src/streams/index.ts';
import { chosenStream } from '../chosen-streams.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { formatFields } from '../term/table.ts';
import { printable } from '../term/text.ts';

interface DeleteFlags {
  force?: boolean;
}

/** What goes with a group. */
interface DeletePlan {
  stream: string;
  group: string;
  consumers: number;
  pending: number;
  lastDeliveredId: string;
  lag: Lag;
}

const MOST_COUNTED = 100_000;

/** `qctl group delete STREAM GROUP`. */
export function newCommand(context: Context, entry: CommandEntry, run = runGroupDelete): QctlCommand {
  const command = createCommand(entry).option('--force', 'also where entries are pending');
  addConnectionOptions(command, ['redis']);
  addExamples(command, [['qctl group delete orders audit', 'a group that nobody reads with any more']]);
  return command.action((stream: string, group: string, flags: DeleteFlags) =>
    run(context, stream, group, flags),
  );
}

/** Carries it out. */
export async function runGroupDelete(
  context: Context,
  stream: string,
  group: string,
  { force = false }: DeleteFlags,
): Promise<void> {
  const { io, options } = context;
  const settings = await chosenStream(context, stream);
  const redis = await context.redis();
  const facts = await requireFacts(redis, settings.stream);
  const found = groupOf(facts, group, settings);
  const plan = toPlan(facts.stream, found, await measureLag(redis, facts, found, { limit: MOST_COUNTED }));
  const refused = found.pending > 0 && !force;
  if (options.dryRun)
    await renderResult(io, options, {
      type: 'delete-plan',
      data: plan,
      table: () => formatPlan(io.stdout, plan),
    });
  else if (!options.quiet) io.stderr.write(formatPlan(io.stderr, plan));
  if (refused) throw pendingRefused(facts.stream, found.group, found.pending);
  if (options.dryRun) return;
  await context.confirm(`Delete group ${found.group} of ${facts.stream}?`);
  const pending = await removeGroup(redis, facts.stream, found.group, force ? Number.MAX_SAFE_INTEGER : 0);
  const done = { stream: facts.stream, group: found.group, deleted: pending !== null, pending };
  await renderResult(io, options, {
    type: 'deleted-group',
    data: done,
    table: () => {
      const what = printable(`group ${done.group} of ${done.stream}`);
      return `${done.deleted ? 'deleted' : 'was gone already'}: ${what}\n`;
    },
  });
}

function toPlan(stream: string, facts: GroupFacts, lag: Lag): DeletePlan {
  const { group, consumers, pending, lastDeliveredId } = facts;
  return { stream, group, consumers, pending, lastDeliveredId, lag };
}

function formatPlan(
  output: Output,
  { stream, group, consumers, pending, lastDeliveredId, lag }: DeletePlan,
): string {
  const undelivered = lag.lag === null ? `at least ${grouped(lag.atLeast)}` : grouped(lag.lag);
  return formatFields(output, [
    ['group', `${stream} ${group}`],
    ['consumers', grouped(consumers)],
    [
      'position',
      `${lastDeliveredId}, ${undelivered} ${plural(lag.lag ?? lag.atLeast, 'entry')} not delivered`,
    ],
    ['pending', `${grouped(pending)} ${plural(pending, 'entry')} delivered and not acknowledged`],
  ]);
}
