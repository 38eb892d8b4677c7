import { InvalidArgumentError } from 'commander';
import { QctlError } from '../../src/errors.ts';
import { dueMsOf } from '../../src/model/due.ts';
import { splitLines } from '../../src/model/lines.ts';
import {
  checkRouteName,
  DEFAULT_RULES,
  decide,
  measureLoad,
  type Route,
  type RouteDecision,
  type RouterClient,
  type RouteStore,
} from '../../src/routing/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError } from '../stream-work.ts';
import { drained } from '../term/drained.ts';
import { formatNdjson } from '../term/ndjson.ts';
import { renderResult } from '../term/render.ts';
import { type Column, formatTable } from '../term/table.ts';
import { collect, parsePercentFlag } from './settings.ts';
import { addStoreOptions, openStore, requireRoute, type StoreFlags } from './store.ts';

/** The flags of `route which`. */
export interface WhichFlags extends StoreFlags {
  key?: string[];
  type?: string;
  percent?: number;
  /** Ms since 1970. */
  at?: number;
  load?: number;
}

/** `qctl route which NAME`. */
export function newCommand(context: Context, entry: CommandEntry, run = runRouteWhich): QctlCommand {
  const command = createCommand(entry)
    .option('--key <key>', 'the key; - reads them from stdin (repeatable)', collect)
    .option('--type <type>', 'type of the message')
    .option('--percent <p>', 'as if this were the percentage of the route', parsePercentFlag)
    .option('--at <time>', 'as if it were that time: RFC 3339, UTC where no zone is given', parseAt)
    .option('--load <n>', 'as if this were the number of its load rule; nothing is measured', parseLoad);
  addStoreOptions(command);
  command.addHelpText(
    'after',
    `\nWith --key -, or with neither key nor type, keys are read from stdin, one a line; with -o ndjson they are answered as they come.
With --percent a route that does not exist yet is asked as if it had that percentage and no other rule.`,
  );
  addExamples(command, [
    ['qctl route which orders --key 42 --type refund', 'side, rule and bucket'],
    ['qctl route which orders --percent 25 < keys.txt', 'who would be moved at 25 percent'],
    ['qctl route which orders --key 42 --at 2026-11-22T03:00:00+01:00', 'where it goes in the night'],
    ['qctl route which orders --key 42 --load 20000', 'and under load'],
  ]);
  return command.action((name: string, flags: WhichFlags) => run(context, name, flags));
}

function parseAt(text: string): number {
  const ms = dueMsOf(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('expected a time such as 2026-11-22T06:00:00Z');
}

function parseLoad(text: string): number {
  if (/^\d{1,15}(\.\d{1,6})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number from 0');
}

interface Answer extends RouteDecision {
  key: string | null;
}

/** Carries it out. */
export async function runRouteWhich(context: Context, name: string, flags: WhichFlags): Promise<void> {
  checkRouteName(name);
  const isDash = flags.key?.length === 1 && flags.key[0] === '-';
  const fromStdin = isDash || (flags.key === undefined && flags.type === undefined);
  if (fromStdin && !isDash && context.io.stdin.isTTY)
    throw usageError('no key is named', 'KEY_MISSING', 'give --key, or keys on stdin, one a line');
  const store = await openStore(context, flags);
  const route = await routeAsked(store, name, flags);
  const load = await loadOf(context, route, flags);
  const now = flags.at ?? context.now().getTime();
  const answer = (key: string | undefined): Answer => ({
    key: key ?? null,
    ...decide(route, { key, type: flags.type, now, load }),
  });
  if (fromStdin) return answerMany(context, answer);
  await render(context, (flags.key ?? [undefined]).map(answer));
}

async function routeAsked(store: RouteStore, name: string, { percent }: WhichFlags): Promise<Route> {
  if (percent === undefined) return requireRoute(store, name);
  const nobody = { name, version: 0, changedBy: null, changedAt: null, reason: null };
  const { route } = await store.look(name);
  return { ...(route ?? { ...DEFAULT_RULES, ...nobody }), percent };
}

async function loadOf(
  context: Context,
  { load }: Route,
  { file, load: asked }: WhichFlags,
): Promise<number | null> {
  if (!load) return null;
  if (asked !== undefined) return asked;
  if (file !== undefined) {
    context.io.stderr.write(
      'qctl: the load is not measured for a route in a file: its rule does not apply (--load N asks as if)\n',
    );
    return null;
  }
  const { client } = await context.redis();
  return measureLoad(client as unknown as RouterClient, load);
}

const MOST_LINE_BYTES = 65_536;

async function answerMany(context: Context, answer: (key: string) => Answer): Promise<void> {
  const { io, options, signal } = context;
  const tooLong = () =>
    new QctlError('usage', `a key on stdin is longer than ${MOST_LINE_BYTES} bytes`, {
      code: 'KEY_TOO_LONG',
      hint: ['one key a line is expected'],
    });
  const counts = { old: 0, new: 0 };
  const answers: Answer[] = [];
  const lines = splitLines(io.stdin.stream as AsyncIterable<Buffer>, MOST_LINE_BYTES, tooLong);
  for await (const line of lines) {
    if (signal.aborted || io.stdout.closed) return;
    if (line.length === 0) continue;
    const one = answer(line.toString('utf8'));
    counts[one.side] += 1;
    if (options.output !== 'ndjson' || options.outFile !== undefined) {
      answers.push(one);
      continue;
    }
    io.stdout.write(formatNdjson({ type: 'route-decision', ...one }));
    await drained(io.stdout);
  }
  if (options.output !== 'ndjson' || options.outFile !== undefined) await render(context, answers);
  const total = counts.old + counts.new;
  const share = total === 0 ? '' : ` (${((100 * counts.new) / total).toFixed(2)}%)`;
  if (!options.quiet) io.stderr.write(`old ${counts.old}, new ${counts.new}${share}\n`);
}

const COLUMNS: Column<Answer>[] = [
  { head: 'KEY', value: ({ key }) => key, whole: true },
  { head: 'SIDE', value: ({ side }) => side, whole: true },
  { head: 'RULE', value: ({ rule }) => rule },
  { head: 'BUCKET', value: ({ bucket }) => bucket, align: 'right' },
  { head: 'WHY', value: ({ why }) => why, wrap: true },
];

async function render({ io, options }: Context, answers: readonly Answer[]): Promise<void> {
  await renderResult(io, options, {
    type: 'route-decision',
    data: answers,
    table: () => formatTable(io.stdout, COLUMNS, answers),
  });
}
