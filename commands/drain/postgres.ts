import type { PostgresSourceConfig } from '../../src/config/schema.ts';
import type { DrainRequest, PostgresSpec } from '../../src/drain/index.ts';
import { QctlError } from '../../src/errors.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { sourceLoadOption } from './brake-options.ts';
import {
  addDrainOptions,
  collectList,
  collectPair,
  type DrainFlags,
  toSettings,
  toTarget,
} from './options.ts';
import { resumedRun } from './resume.ts';
import { runDrainCommand, startedBy } from './run-drain.ts';

interface PostgresFlags extends DrainFlags {
  table?: string;
  id?: string[];
  payload?: string;
  ready?: string;
  order?: string[];
  key?: string;
  type?: string;
  priority?: string;
  attempts?: string;
  enqueuedAt?: string;
  notBefore?: string;
  attribute?: Record<string, string>;
  done?: PostgresSpec['done'];
  mode?: 'move' | 'copy';
  notify?: string[];
  maxSourceLoad?: string;
}

/** `qctl drain postgres`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDrainPostgres): QctlCommand {
  const command = createCommand(entry);
  command
    .option('--table <name>', 'table of the queue, as in SQL: public.alerts')
    .option('--id <columns>', 'primary key; several columns in copy mode only (default: id)', collectList)
    .option('--payload <column>', 'column or SQL expression of the body (default: payload)')
    .option('--ready <condition>', "SQL condition of the rows to drain: state = 'pending'")
    .option('--order <columns>', 'order in which rows are taken (default: the id)', collectList)
    .option('--key <column>', 'column or SQL expression; messages with the same key keep their order')
    .option('--type <column>', 'column or SQL expression of the message type')
    .option('--priority <column>', 'column or SQL expression of the priority')
    .option('--attempts <column>', 'column or SQL expression of the attempts so far')
    .option('--enqueued-at <column>', 'column or SQL expression of the time of enqueueing')
    .option('--not-before <column>', 'column or SQL expression of the earliest time to work on it')
    .option('--attribute <name=column>', 'further column to carry along (repeatable)', collectPair)
    .option(
      '--done <what>',
      'delete (default), or column=value,… to set on rows that are done: state=migrated',
      parseDone,
    )
    .option(
      '--mode <mode>',
      'move (default): rows leave the table; copy: the table stays as it is',
      parseMode,
    )
    .option('--notify <channels>', 'channels that tell of new messages, with --follow', collectList)
    .addOption(sourceLoadOption());
  addDrainOptions(
    command,
    'lanes, which share the rows and have a session each; fixed for the life of a run (default: 2, copy: 1)',
  );
  addConnectionOptions(command, ['redis', 'postgres']);
  addExamples(command, [
    [
      'qctl drain postgres --table alerts --ready "state = \'pending\'" --stream alerts --dry-run',
      'show the plan',
    ],
    [
      'qctl drain postgres --table alerts --key agent_id --stream alerts --yes',
      'move the table, keeping the order of each agent',
    ],
    [
      'qctl drain postgres --table alerts --stream alerts --follow --notify new_alert --max-lag 10000 --yes',
      'keep on, for as long as the old producers are at work',
    ],
    [
      'qctl drain postgres --table alerts --mode copy --stream alerts --yes',
      'copy it and compare both sides',
    ],
  ]);
  return command.action((source: string | undefined, flags: PostgresFlags) => run(context, source, flags));
}

/** Carries it out. Returns the exit code. */
export async function runDrainPostgres(
  context: Context,
  sourceName: string | undefined,
  flags: PostgresFlags,
): Promise<number> {
  const resumed = await resumedRun(context, flags.resume, 'postgres');
  const configured = (await configuredSource(context, sourceName)) ?? resumed?.spec ?? undefined;
  const spec = toSpec(flags, configured);
  const workers = spec.mode === 'copy' ? 1 : 2;
  const request: DrainRequest = {
    source: {
      kind: 'postgres',
      name: sourceName ?? resumed?.name ?? spec.table,
      connection: await context.postgresOptions(sourceName),
      spec,
    },
    target: await toTarget(context, flags, resumed ?? (await configuredSource(context, sourceName)) ?? {}),
    settings: toSettings(flags, { workers }, (await configuredSource(context, sourceName)) ?? {}),
    startedBy: startedBy(),
  };
  return runDrainCommand(context, request);
}

async function configuredSource(
  context: Context,
  name: string | undefined,
): Promise<PostgresSourceConfig | undefined> {
  if (name === undefined) return undefined;
  const source = (await context.config()).sources[name];
  return source?.kind === 'postgres' ? source : undefined;
}

function toSpec(
  flags: PostgresFlags,
  configured: PostgresSourceConfig | PostgresSpec | undefined,
): PostgresSpec {
  const table = flags.table ?? configured?.table;
  if (!table)
    throw new QctlError('usage', 'no table is named', {
      code: 'TABLE_MISSING',
      hint: ['--table NAME, or the name of a source in qctl.yaml'],
    });
  const format = configured?.format ?? 'generic';
  if (format !== 'generic')
    throw new QctlError('config', `format ${format} is not known`, {
      code: 'UNKNOWN_FORMAT',
      hint: ['format: generic'],
    });
  const order = flags.order ?? list(configured?.order);
  const spec: PostgresSpec = {
    format,
    table,
    id: flags.id ?? list(configured?.id) ?? ['id'],
    payload: flags.payload ?? configured?.payload ?? 'payload',
    done: flags.done ?? configured?.done ?? { delete: true },
    mode: flags.mode ?? configured?.mode ?? 'move',
  };
  if (order) spec.order = order;
  const notify = flags.notify ?? list(configured?.notify);
  if (notify) spec.notify = notify;
  for (const name of ['ready', 'key', 'type', 'priority', 'attempts', 'enqueuedAt', 'notBefore'] as const) {
    const value = flags[name] ?? configured?.[name];
    if (value !== undefined) spec[name] = value;
  }
  const attributes = flags.attribute ?? configured?.attributes;
  if (attributes) spec.attributes = attributes;
  return spec;
}

function list(value: string | string[] | undefined): string[] | undefined {
  return typeof value === 'string' ? collectList(value) : value;
}

function parseMode(text: string): 'move' | 'copy' {
  if (text === 'move' || text === 'copy') return text;
  throw new QctlError('usage', `--mode ${text}: expected move or copy`, { code: 'BAD_MODE' });
}

function parseDone(text: string): PostgresSpec['done'] {
  if (text === 'delete') return { delete: true };
  return { set: collectList(text).reduce<Record<string, string>>((all, pair) => collectPair(pair, all), {}) };
}
