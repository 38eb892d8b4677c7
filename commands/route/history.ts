import { checkRouteName, KEPT_CHANGES, type RouteChangeRecord } from '../../src/routing/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { parsePositiveInteger } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import type { Output } from '../term/io.ts';
import { renderResult } from '../term/render.ts';
import { changeLines } from './change-line.ts';
import { addStoreOptions, openStore, requireRoute, type StoreFlags } from './store.ts';

/** The flags of `route history`. */
export interface HistoryFlags extends StoreFlags {
  limit: number;
}

/** `qctl route history NAME`. */
export function newCommand(context: Context, entry: CommandEntry, run = runRouteHistory): QctlCommand {
  const command = createCommand(entry).option(
    '--limit <n>',
    'at most so many, the newest (default: 20)',
    parsePositiveInteger,
    20,
  );
  addStoreOptions(command);
  command.addHelpText(
    'after',
    `\nRedis keeps the last ${KEPT_CHANGES} changes of a route. A file keeps the last one alone: its own history is that of the file.`,
  );
  addExamples(command, [['qctl route history orders', 'who has sent how much to the new side, and why']]);
  return command.action((name: string, flags: HistoryFlags) => run(context, name, flags));
}

/** Carries it out. */
export async function runRouteHistory(context: Context, name: string, flags: HistoryFlags): Promise<void> {
  const { io, options } = context;
  checkRouteName(name);
  const store = await openStore(context, flags);
  // One more, to say what was different in the oldest.
  const newestFirst = await store.history(name, flags.limit + 1);
  if (newestFirst.length === 0) await requireRoute(store, name);
  const changes = newestFirst.slice(0, flags.limit).reverse();
  const before = newestFirst[flags.limit];
  await renderResult(io, options, {
    type: 'route-change',
    data: changes.map((change) => ({ name, ...change })),
    table: () => linesOf(io.stdout, changes, before),
  });
}

function linesOf(
  output: Output,
  changes: RouteChangeRecord[],
  before: RouteChangeRecord | undefined,
): string {
  return changes.map((change, at) => changeLines(output, change, changes[at - 1] ?? before)).join('');
}
