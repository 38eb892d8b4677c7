import { runFamilies, runStatus } from '../../src/drain/index.ts';
import { formatFamilies } from '../../src/model/exposition.ts';
import { askRedis } from '../ask-redis.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { renderResult } from '../term/render.ts';
import { formatStatus } from './format-status.ts';

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
