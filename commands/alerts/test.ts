import { hostname } from 'node:os';
import type { Channel, ChannelTrial } from '../../src/alerts/index.ts';
import { QctlError } from '../../src/errors.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { CommandEntry } from '../registry.ts';
import { colourOf } from '../term/colour.ts';
import { renderResult } from '../term/render.ts';
import { type Column, formatTable } from '../term/table.ts';
import { alertPlan, unknown } from './plan.ts';

/** `qctl alerts test [CHANNEL…]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runAlertsTest): QctlCommand {
  const command = createCommand(entry);
  command.addHelpText(
    'after',
    '\nWithout names all channels are tested. It ends with 7 where one could not be told. Redis is not needed.',
  );
  addExamples(command, [['qctl alerts test oncall', 'whether messages arrive there']]);
  return command.action((names: string[]) => run(context, names));
}

/** Carries it out. */
export async function runAlertsTest(context: Context, names: string[]): Promise<number> {
  const { io, options, env, signal } = context;
  const plan = await alertPlan(context);
  const channels = chosen(plan.channels, names);
  const { tryChannels } = await import('../../src/alerts/index.ts');
  const sender = { host: hostname(), profile: plan.profile };
  const trials = options.dryRun
    ? channels.map((channel) => untried(channel))
    : await tryChannels(channels, sender, { env, signal });
  await renderResult(io, options, {
    type: 'alert-channel',
    data: trials,
    table: () => formatTrials(context, trials),
  });
  for (const { hint, channel } of trials)
    for (const line of hint) if (!options.quiet) io.stderr.write(`  hint: ${channel}: ${line}\n`);
  if (options.dryRun && !options.quiet) io.stderr.write('nothing was sent (--dry-run)\n');
  return trials.some(({ ok }) => ok === false) ? exitCodeOf('target') : 0;
}

type Trial = Omit<ChannelTrial, 'ok' | 'tookMs'> & { ok: boolean | null; tookMs: number | null };

function untried({ name, kind }: Channel): Trial {
  return { channel: name, kind, ok: null, tookMs: null, error: null, note: null, hint: [] };
}

function chosen(channels: ReadonlyMap<string, Channel>, names: readonly string[]): Channel[] {
  if (channels.size === 0)
    throw new QctlError('config', 'there are no alert channels', {
      code: 'ALERTS_MISSING',
      hint: ['write them below alerts: channels: of a profile in qctl.yaml'],
    });
  if (names.length === 0) return [...channels.values()];
  return [...new Set(names)].map(
    (name) => channels.get(name) ?? unknown('channel', name, [...channels.keys()]),
  );
}

function formatTrials({ io }: Context, trials: readonly Trial[]): string {
  const paint = colourOf(io.stdout);
  const columns: Column<Trial>[] = [
    { head: 'CHANNEL', value: ({ channel }) => channel, whole: true },
    { head: 'KIND', value: ({ kind }) => kind },
    {
      head: 'OUTCOME',
      value: ({ ok }) => (ok === null ? 'would be told' : ok ? 'told' : 'failed'),
      style: (text, { ok }) => (ok === false ? paint.red(text) : text),
    },
    { head: 'WHY', value: ({ error, note }) => error ?? note, wrap: true },
  ];
  return formatTable(io.stdout, columns, trials);
}
