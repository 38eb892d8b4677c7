import type { Command } from 'commander';
import { collectIncludes, type FormatFlags, parseFormat } from './format-options.ts';
import { type GenericFlags, parseDone } from './generic-spec.ts';
import { collectList, collectPair } from './options.ts';

/** The flags that say which table of Postgres takes messages back: those of a drain that mean something there. */
export type BackTableFlags = Omit<FormatFlags, 'pauseSource'> & Omit<GenericFlags, 'mode' | 'order'>;

/** Adds them. */
export function addBackTableOptions<C extends Command>(command: C): C {
  addQueueOptions(command);
  addColumnOptions(command);
  return command;
}

function addQueueOptions(command: Command): void {
  command
    .option(
      '--format <name>',
      'Postgres: job library that made the queue, or generic for any table (default: what is found)',
      parseFormat,
    )
    .option(
      '--queue <names>',
      'Postgres: queues of the job library that take messages back; pgmq needs one (repeatable)',
      collectList,
    )
    .option('--schema <name>', 'Postgres: schema of the job library, where there is more than one')
    .option(
      '--include <kinds>',
      'Postgres: as the drain had it; what was drained dead may then come back dead',
      collectIncludes,
    );
}

function addColumnOptions(command: Command): void {
  command
    .option('--table <name>', 'Postgres: table that takes rows back, as in SQL: public.alerts')
    .option('--id <columns>', "Postgres: primary key, which gets the message's id (default: id)", collectList)
    .option('--payload <column>', 'Postgres: column that gets the body (default: payload)')
    .option('--key <column>', 'Postgres: column that gets the key')
    .option('--type <column>', 'Postgres: column that gets the message type')
    .option('--priority <column>', 'Postgres: column that gets the priority')
    .option('--attempts <column>', 'Postgres: column that gets the attempts, those of the group included')
    .option('--enqueued-at <column>', 'Postgres: column that gets the time of enqueueing')
    .option('--not-before <column>', 'Postgres: column that gets the earliest time to work on it')
    .option(
      '--attribute <name=column>',
      'Postgres: column that gets this attribute (repeatable)',
      collectPair,
    )
    .option(
      '--ready <condition>',
      "Postgres: SQL condition that returned rows are checked against, as the workers ask it: state = 'pending'",
    )
    .option(
      '--done <what>',
      'Postgres: what the drain did with its rows: delete (default), or column=value,… that it set on them, which are updated back',
      parseDone,
    );
}
