import { hostname } from 'node:os';
import type { AlertPlan, AlertRow } from '../../src/alerts/index.ts';
import { isQctlError } from '../../src/errors.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { renderResult } from '../term/render.ts';
import { formatAlerts } from './format-list.ts';
import { addAlertOptions, alertDoors, rulesOf, type StateFlags } from './plan.ts';

/** `qctl alerts list`. */
export function newCommand(context: Context, entry: CommandEntry, run = runAlertsList): QctlCommand {
  const command = createCommand(entry);
  addAlertOptions(command);
  command.addHelpText(
    'after',
    '\nWhere Redis is away it shows what this host has noted meanwhile. Nothing is measured.',
  );
  addExamples(command, [['qctl alerts list --watch', 'how every rule stands, again and again']]);
  return command.action((flags: StateFlags) => run(context, flags));
}

/** Carries it out. */
export async function runAlertsList(context: Context, flags: StateFlags): Promise<void> {
  const { io, options } = context;
  const plan = await rulesOf(context);
  const rows = await look(context, plan, flags);
  await renderResult(io, options, {
    type: 'alert',
    data: rows,
    table: () => formatAlerts(io.stdout, rows, context.now()),
  });
}

async function look(context: Context, plan: AlertPlan, flags: StateFlags): Promise<AlertRow[]> {
  const { listAlerts, listAlertsOfHost } = await import('../../src/alerts/index.ts');
  try {
    return await listAlerts(await context.redis(), plan);
  } catch (error) {
    if (!isQctlError(error) || error.kind !== 'target') throw error;
    context.io.stderr.write(`qctl: warning: ${error.message}; this is what this host has noted\n`);
    const note = (text: string): void => void context.io.stderr.write(`qctl: warning: ${text}\n`);
    return listAlertsOfHost(alertDoors(context, flags).stateFolder, hostname(), plan, note);
  }
}
