import {
  checkRouteName,
  type Route,
  type RouteStore,
  ruleLines,
  shareText,
} from '../../src/routing/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import type { Output } from '../term/io.ts';
import { renderResult } from '../term/render.ts';
import { type Column, formatFields, formatTable } from '../term/table.ts';
import { printable } from '../term/text.ts';
import { rulesText } from './rules-text.ts';
import { addStoreOptions, openStore, requireRoute, type StoreFlags } from './store.ts';

/** `qctl route show [NAME]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runRouteShow): QctlCommand {
  const command = addStoreOptions(createCommand(entry));
  addExamples(command, [
    ['qctl route show', 'all routes, a line each'],
    ['qctl route show orders', 'all rules of one, who set it and why'],
    ['qctl route show orders --file flags.yaml', 'as a file of feature flags has it'],
  ]);
  return command.action((name: string | undefined, flags: StoreFlags) => run(context, name, flags));
}

/** Carries it out. */
export async function runRouteShow(
  context: Context,
  name: string | undefined,
  flags: StoreFlags,
): Promise<void> {
  if (name !== undefined) checkRouteName(name);
  const store = await openStore(context, flags);
  if (name === undefined) return showAll(context, store);
  const route = await requireRoute(store, name);
  const { io, options } = context;
  await renderResult(io, options, {
    type: 'route',
    data: route,
    table: () => formatRoute(io.stdout, route),
  });
}

function formatRoute(output: Output, route: Route): string {
  const { name, version, changedBy, changedAt, reason } = route;
  const rules = ruleLines(route).map(({ what, text }) => [what, text] as const);
  return formatFields(output, [
    ['route', name],
    ...rules,
    ['version', version],
    ['changed', [changedAt, changedBy && `by ${changedBy}`].filter(Boolean).join(' ')],
    ['reason', reason],
  ]);
}

const COLUMNS: Column<Route>[] = [
  { head: 'ROUTE', value: ({ name }) => name, whole: true },
  { head: 'PERCENT', value: ({ percent }) => shareText(percent), align: 'right' },
  { head: 'RULES', value: rulesText, wrap: true },
  { head: 'VERSION', value: ({ version }) => version, align: 'right' },
  { head: 'CHANGED', value: ({ changedAt }) => changedAt?.slice(0, 19).concat('Z') },
  { head: 'BY', value: ({ changedBy }) => changedBy },
  { head: 'REASON', value: ({ reason }) => reason, wrap: true },
];

async function showAll({ io, options }: Context, store: RouteStore): Promise<void> {
  const names = await store.list();
  const looks = await Promise.allSettled(names.map((name) => store.look(name)));
  const routes = looks.flatMap((look) =>
    look.status === 'fulfilled' && look.value.route ? [look.value.route] : [],
  );
  const failures = looks.flatMap((look) => (look.status === 'rejected' ? [look.reason as Error] : []));
  if (routes.length === 0 && failures.length > 0) throw failures[0];
  for (const { message } of failures) io.stderr.write(`qctl: warning: ${printable(message)}\n`);
  if (names.length === 0 && io.stderr.isTTY && !options.quiet) io.stderr.write('there are no routes yet\n');
  await renderResult(io, options, {
    type: 'route',
    data: routes,
    table: () => (routes.length === 0 ? '' : formatTable(io.stdout, COLUMNS, routes)),
  });
}
