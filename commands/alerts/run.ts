import type { AlertEvent, AlertPlan, LookReport } from '../../src/alerts/index.ts';
import { plural } from '../../src/model/plural.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError } from '../stream-work.ts';
import { formatNdjson } from '../term/ndjson.ts';
import { renderResult } from '../term/render.ts';
import { eventLine } from './event-text.ts';
import { addAlertOptions, alertDoors, rulesOf, type StateFlags } from './plan.ts';
import { tryRules } from './try-rules.ts';

interface RunFlags extends StateFlags {
  once?: boolean;
}

/** `qctl alerts run`. */
export function newCommand(context: Context, entry: CommandEntry, run = runAlerts): QctlCommand {
  const command = createCommand(entry).option('--once', 'look once at all rules that are due, and end');
  addAlertOptions(command);
  command.addHelpText('after', `\n${NUANCES}`);
  addExamples(command, [
    ['qctl alerts run', 'look at each rule at its interval, as qctl serve does'],
    ['* * * * * qctl alerts run --once --quiet', 'the same from cron'],
    ['qctl alerts run --dry-run', 'measure every rule once, and tell nobody'],
  ]);
  return command.action((flags: RunFlags) => run(context, flags));
}

const NUANCES = `Any number of processes may run at once, on any host: each rule is measured by one of them, each message is sent by
one of them. With --once it ends with 8 where a message could not be sent: the next call tries again.`;

/** Carries it out. */
export async function runAlerts(context: Context, flags: RunFlags): Promise<number> {
  refuseConflicts(context, flags);
  const plan = await rulesOf(context);
  if (context.options.dryRun) return tryRules(context, plan, flags);
  return flags.once ? once(context, plan, flags) : onAndOn(context, plan, flags);
}

/** Throws before anything is connected to. */
function refuseConflicts({ options: { output, outFile, dryRun } }: Context, { once }: RunFlags): void {
  if (once || dryRun) return;
  if (outFile !== undefined)
    throw usageError('--out-file is written at the end, this has none', 'FOLLOW_CONFLICT', 'redirect stdout');
  if (output === 'table' || output === 'ndjson') return;
  throw usageError(
    `-o ${output} is one document, this has no end`,
    'FOLLOW_CONFLICT',
    'use -o ndjson, or --once',
  );
}

async function once(context: Context, plan: AlertPlan, flags: RunFlags): Promise<number> {
  const { io, options } = context;
  const events: AlertEvent[] = [];
  const { AlertRunner } = await import('../../src/alerts/index.ts');
  const onEvent = (event: AlertEvent): void => {
    events.push(event);
    const line = eventLine(event, options.verbose);
    // What could not be sent is worth a mail of cron.
    const bad = event.type === 'alert-message' && event.error !== null;
    if (line !== undefined && (!options.quiet || bad)) io.stderr.write(line);
  };
  const runner = new AlertRunner(plan, alertDoors(context, flags), { onEvent });
  const stop = (): void => void runner.stop();
  context.signal.addEventListener('abort', stop);
  context.finishing = 'the messages in hand';
  try {
    const report = await runner.lookOnce();
    await renderResult(io, options, {
      type: 'alert-run',
      data: { rules: plan.rules.length, ...report, events },
      table: () => (options.quiet ? '' : reportLine(plan, report)),
    });
    return report.failed > 0 ? exitCodeOf('partial') : 0;
  } finally {
    context.signal.removeEventListener('abort', stop);
  }
}

function reportLine({ rules }: AlertPlan, { measured, sent, failed }: LookReport): string {
  const all = `${rules.length} ${plural(rules.length, 'rule')}`;
  const messages = `${sent} ${plural(sent, 'message')} sent`;
  return `${all}, ${measured} measured, ${messages}${failed > 0 ? `, ${failed} not` : ''}`;
}

async function onAndOn(context: Context, plan: AlertPlan, flags: RunFlags): Promise<number> {
  const { io, options, signal } = context;
  const { AlertRunner } = await import('../../src/alerts/index.ts');
  const onEvent = (event: AlertEvent): void => {
    const ndjson = options.output === 'ndjson';
    const line = ndjson ? formatNdjson(event) : eventLine(event, options.verbose);
    if (line !== undefined) io.stdout.write(line);
  };
  const runner = new AlertRunner(plan, alertDoors(context, flags), { onEvent });
  context.finishing = 'the messages in hand';
  const stopped = untilAborted(signal).then(() => runner.stop());
  // What Redis refuses for good ends it here; later it is told, and tried again.
  await runner.lookOnce();
  runner.start();
  if (!options.quiet)
    io.stderr.write(`looking at ${plan.rules.length} ${plural(plan.rules.length, 'rule')}\n`);
  await stopped;
  return 0;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
