import { Argument } from 'commander';
import type { CutoverHost, LockStatus } from '../../src/cutover/index.ts';
import { QctlError } from '../../src/errors.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { renderResult } from '../term/render.ts';
import { formatFields } from '../term/table.ts';

interface LockFlags {
  reason?: string;
  force?: boolean;
}

const ACTIONS = ['status', 'acquire', 'release'] as const;
type Action = (typeof ACTIONS)[number];

/** `qctl cutover lock status|acquire|release NAME`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCutoverLock): QctlCommand {
  const command = createCommand({ ...entry, args: undefined })
    .addArgument(new Argument('<action>', 'what to do').choices(ACTIONS))
    .addArgument(new Argument('<name>', 'of the lock: that of the plan, where it names no other'))
    .option('--reason <text>', 'why it is taken; needed to acquire it')
    .option('--force', 'release it although a run holds it: what is at work stops before its next step');
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    [
      'qctl cutover lock acquire orders --reason "index rebuild until noon"',
      'no cutover of this name starts meanwhile',
    ],
    ['qctl cutover lock release orders', 'they may again'],
  ]);
  return command.action((action: Action, name: string, flags: LockFlags) =>
    run(context, action, name, flags),
  );
}

/** Carries it out. */
export async function runCutoverLock(
  context: Context,
  action: Action,
  name: string,
  flags: LockFlags,
): Promise<void> {
  if (action === 'acquire' && flags.reason === undefined) throw noReason();
  const { lockStatus } = await import('../../src/cutover/index.ts');
  const { cutoverHost } = await import('./host.ts');
  const host = await cutoverHost(context);
  const { dryRun } = context.options;
  const prior = await lockStatus(host, name);
  if (!dryRun) await change(host, action, name, flags);
  const now = dryRun || action === 'status' ? prior : await lockStatus(host, name);
  await show(context, action, prior, now);
}

async function change(
  host: CutoverHost,
  action: Action,
  name: string,
  { reason, force }: LockFlags,
): Promise<void> {
  const { acquireLock, releaseLock } = await import('../../src/cutover/index.ts');
  if (action === 'acquire') await acquireLock(host, name, reason!);
  if (action === 'release') await releaseLock(host, name, { force });
}

async function show(
  { io, options }: Context,
  action: Action,
  prior: LockStatus,
  now: LockStatus,
): Promise<void> {
  const looked = action === 'status';
  await renderResult(io, options, {
    type: 'cutover-lock',
    data: looked ? now : { action, prior, now, dryRun: options.dryRun },
    table: () =>
      formatFields(io.stdout, [
        ['lock', now.name],
        ...(looked ? [] : [['was', holderText(prior)] as const]),
        [looked ? 'held' : 'now', options.dryRun && !looked ? 'as it was (--dry-run)' : holderText(now)],
        ...(looked && now.lastRun ? [['last run', now.lastRun] as const] : []),
      ]),
  });
}

function holderText({ kind, run, by, host, since, reason, alive, pid }: LockStatus): string {
  if (kind === 'free') return 'free';
  const who =
    kind === 'hand'
      ? `by hand, by ${by}`
      : `by run ${run}, ${alive ? `pid ${pid} on ${host}` : 'nobody at work'}`;
  return `${who}${since ? ` since ${since.slice(0, 19)}Z` : ''}${reason ? `: ${reason}` : ''}`;
}

function noReason(): QctlError {
  return new QctlError('usage', 'to take a lock needs a reason: others will stand before it', {
    code: 'REASON_MISSING',
    hint: ['--reason TEXT'],
  });
}
