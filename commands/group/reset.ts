import { plural } from '../../src/model/plural.ts';
import {
  groupOf,
  lastDeliveredAt,
  parsePosition,
  planReset,
  type ResetPlan,
  requireFacts,
  resetGroup,
} from '../../src/streams/index.ts';
import { chosenStream } from '../chosen-streams.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError, withProgress } from '../stream-work.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { formatFields } from '../term/table.ts';

interface ResetFlags {
  to?: string;
}

const MOST_COUNTED = 10_000_000;

/** `qctl group reset STREAM [GROUP] --to POSITION`. */
export function newCommand(context: Context, entry: CommandEntry, run = runGroupReset): QctlCommand {
  const command = createCommand(entry).option(
    '--to <position>',
    'start, end, an id (goes on behind it), a time, or 10m for ten minutes ago',
  );
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl group reset orders workers --to 2026-11-21T09:00:00Z', 'deliver again what came since nine'],
    ['qctl group reset orders workers --to end --dry-run', 'how much would be skipped'],
  ]);
  return command.action((stream: string, group: string | undefined, flags: ResetFlags) =>
    run(context, stream, group, flags),
  );
}

/** Carries it out. */
export async function runGroupReset(
  context: Context,
  stream: string,
  group: string | undefined,
  { to }: ResetFlags,
): Promise<void> {
  if (to === undefined)
    throw usageError('--to is missing', 'POSITION_MISSING', 'say where: start, end, an id or a time');
  const { io, options } = context;
  const settings = await chosenStream(context, stream);
  const redis = await context.redis();
  const facts = await requireFacts(redis, settings.stream);
  const found = groupOf(facts, group, settings);
  const next = lastDeliveredAt(parsePosition(to, facts.timeMs), facts);
  const plan = await withProgress(context, 'count', ({ work }) =>
    planReset(redis, facts, found, next, { limit: MOST_COUNTED, work }),
  );
  context.signal.throwIfAborted();
  if (options.dryRun) {
    await renderResult(io, options, {
      type: 'reset-plan',
      data: plan,
      table: () => formatReset(io.stdout, plan, 'would be'),
    });
    return;
  }
  if (!options.quiet) io.stderr.write(formatReset(io.stderr, plan, 'will be'));
  await context.confirm(`Move group ${plan.group} of ${plan.stream}?`);
  const prior = await resetGroup(redis, plan, facts);
  const done = prior === plan.prior ? plan : await countedFrom(context, plan, prior);
  await renderResult(io, options, {
    type: 'reset-group',
    data: done,
    table: () => (done === plan ? formatMoved(io.stdout, done) : formatReset(io.stdout, done, 'are')),
  });
}

/** The group has moved while the question stood: what was counted for it is not what was done. */
async function countedFrom(context: Context, plan: ResetPlan, prior: string): Promise<ResetPlan> {
  const redis = await context.redis();
  const facts = await requireFacts(redis, plan.stream);
  const found = facts.groups.find(({ group }) => group === plan.group);
  if (!found) return { ...plan, prior };
  return withProgress(context, 'count', ({ work }) =>
    planReset(redis, facts, { ...found, lastDeliveredId: prior }, plan.next, { limit: MOST_COUNTED, work }),
  );
}

function formatMoved(output: Output, { stream, group, prior, next }: ResetPlan): string {
  return formatFields(output, [
    ['group', `${stream} ${group}`],
    ['position', `${prior} -> ${next}`],
  ]);
}

function formatReset(output: Output, plan: ResetPlan, verb: string): string {
  const { stream, group, prior, next, again, skipped, atLeast, pending } = plan;
  const count = (n: number | null): string =>
    n === null ? `more than ${grouped(atLeast)} entries` : `${grouped(n)} ${plural(n, 'entry')}`;
  const fields: [string, string][] = [
    ['group', `${stream} ${group}`],
    ['position', `${prior} -> ${next}`],
  ];
  if (again !== 0) fields.push(['again', `${count(again)} ${verb} delivered again`]);
  if (skipped !== 0)
    fields.push(['skipped', `${count(skipped)} ${verb} skipped: this group never gets them`]);
  if (again === 0 && skipped === 0) fields.push(['change', 'no entry lies between the two']);
  if (pending > 0)
    fields.push([
      'pending',
      `${count(pending)} ${pending === 1 ? 'stays' : 'stay'} pending with ${pending === 1 ? 'its consumer' : 'their consumers'}`,
    ]);
  return formatFields(output, fields);
}
