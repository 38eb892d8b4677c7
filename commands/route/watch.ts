import { isRetryable } from '../../src/backends/redis/index.ts';
import { isQctlError } from '../../src/errors.ts';
import { type Patience, patiently, pause } from '../../src/model/patience.ts';
import {
  checkRouteName,
  type RouteChangeRecord,
  type RouteStore,
  sameRules,
} from '../../src/routing/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { patientWork, usageError } from '../stream-work.ts';
import { drained } from '../term/drained.ts';
import { formatNdjson } from '../term/ndjson.ts';
import { changeLines, type SeenChange } from './change-line.ts';
import { addStoreOptions, openStore, requireRoute, type StoreFlags } from './store.ts';

const PAUSE_MS = 300;
/** More changes than that between two looks are not told one by one. */
const MOST_AT_ONCE = 100;

/** `qctl route watch NAME`. */
export function newCommand(context: Context, entry: CommandEntry, run = runRouteWatch): QctlCommand {
  const command = addStoreOptions(createCommand(entry));
  addExamples(command, [
    ['qctl route watch orders', 'how it stands, and then each change'],
    ['qctl route watch orders -o ndjson', 'a line of JSON for each, for a script'],
  ]);
  return command.action((name: string, flags: StoreFlags) => run(context, name, flags));
}

/** Carries it out. */
export async function runRouteWatch(context: Context, name: string, flags: StoreFlags): Promise<void> {
  checkRouteName(name);
  refuseConflicts(context);
  context.stopsAtOnce = true;
  const { io, signal } = context;
  const store = await openStore(context, flags);
  const route = await requireRoute(store, name);
  let last: SeenChange = { ...route, route };
  await print(context, name, last, undefined);
  const patience = patientWork(context, true);
  while (!signal.aborted && !io.stdout.closed) {
    await pause(PAUSE_MS, signal);
    if (signal.aborted) return;
    for (const change of await changesSince(store, name, last, patience)) {
      await print(context, name, change, last);
      last = change;
    }
  }
}

/** What has happened since, the oldest first; what stands there now, where the history says nothing of it. */
async function changesSince(
  store: RouteStore,
  name: string,
  last: RouteChangeRecord,
  patience: Patience,
): Promise<SeenChange[]> {
  const reasonOf = (error: unknown) =>
    isQctlError(error) && error.code.startsWith('ROUTE_FILE') ? error.message : isRetryable(error);
  const look = await patiently(patience, store.label, reasonOf, () => store.look(name));
  if (look.version === last.version && sameRules(look.route, last.route)) return [];
  if (look.version === 0 && last.version === 0 && !look.route && !last.route) return [];
  const kept = await patiently(patience, store.label, reasonOf, () => store.history(name, MOST_AT_ONCE));
  const newer = kept.filter(({ version }) => version > last.version && version <= look.version).reverse();
  if (newer.at(-1)?.version === look.version && look.version > last.version) return newer;
  const { route } = look;
  const nobody = { version: look.version, changedBy: null, changedAt: null, reason: null };
  return [route ? { ...route, route } : { ...nobody, route: null, lost: !look.removed }];
}

async function print(
  { io, options }: Context,
  name: string,
  change: SeenChange,
  before: RouteChangeRecord | undefined,
): Promise<void> {
  const { version, changedBy, changedAt, reason, route, lost = false } = change;
  const json = { type: 'route-change', name, version, changedBy, changedAt, reason, route, lost };
  io.stdout.write(options.output === 'ndjson' ? formatNdjson(json) : changeLines(io.stdout, change, before));
  await drained(io.stdout);
}

/** Throws before anything is connected to. */
function refuseConflicts({ options: { output, outFile } }: Context): void {
  if (outFile !== undefined)
    throw usageError(
      '--out-file is written at the end, watching has none',
      'FOLLOW_CONFLICT',
      'redirect stdout',
    );
  if (output === 'table' || output === 'ndjson') return;
  throw usageError(
    `-o ${output} is one document, watching has no end`,
    'FOLLOW_CONFLICT',
    'use -o ndjson: it appends lines',
  );
}
