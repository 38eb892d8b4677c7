import { type Command, InvalidArgumentError } from 'commander';
import type { PostgresSourceConfig } from '../../src/config/schema.ts';
import type { PostgresSpec } from '../../src/drain/index.ts';
import { QctlError } from '../../src/errors.ts';
import { collectList, collectPair } from './options.ts';

/** The flags by which an operator describes a table as a queue. */
export interface GenericFlags {
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
}

/** Adds them. */
export function addGenericOptions<C extends Command>(command: C): C {
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
    );
  return command;
}

/** The spec of a table as flags and configuration describe it. Throws `usage` where none is named. */
export function genericSpec(
  flags: GenericFlags,
  configured: PostgresSourceConfig | PostgresSpec | undefined,
): PostgresSpec {
  const table = flags.table ?? configured?.table;
  if (!table)
    throw new QctlError('usage', 'no table is named', {
      code: 'TABLE_MISSING',
      hint: ['--table NAME, or the name of a source in qctl.yaml'],
    });
  const order = flags.order ?? list(configured?.order);
  const spec: PostgresSpec = {
    format: 'generic',
    table,
    id: flags.id ?? list(configured?.id) ?? ['id'],
    payload: flags.payload ?? configured?.payload ?? 'payload',
    done: flags.done ?? configured?.done ?? { delete: true },
    mode: flags.mode ?? configured?.mode ?? 'move',
  };
  if (order) spec.order = order;
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
  throw new QctlError('usage', `--mode ${text}: expected move or copy`, {
    code: 'BAD_MODE',
    hint: ['move takes rows from the table, copy leaves it as it is'],
  });
}

/** `delete`, or `column=value,…`. */
export function parseDone(text: string): PostgresSpec['done'] {
  if (text === 'delete') return { delete: true };
  if (!collectList(text).every((pair) => pair.indexOf('=') > 0))
    throw new InvalidArgumentError('expected delete, or column=value,…');
  return { set: collectList(text).reduce<Record<string, string>>((all, pair) => collectPair(pair, all), {}) };
}
