import type { Command } from 'commander';
import { findSimilar } from '../../src/config/similar.ts';
import { QctlError } from '../../src/errors.ts';
import {
  FORMAT_NAMES,
  type FormatName,
  INCLUDABLE,
  type Includable,
} from '../../src/sources/postgres/spec.ts';
import { collectList } from './options.ts';

/** The flags that choose among the queues of a job library. */
export interface FormatFlags {
  format?: FormatName;
  queue?: string[];
  schema?: string;
  include?: Includable[];
  pauseSource?: boolean;
}

/** Adds them. */
export function addFormatOptions<C extends Command>(command: C): C {
  command
    .option(
      '--format <name>',
      'job library that made the queue, or generic for any table (default: what is found)',
      parseFormat,
    )
    .option('--queue <names>', 'only these queues of the job library (repeatable)', collectList)
    .option('--schema <name>', 'schema of the job library, where there is more than one')
    .option('--include <kinds>', 'take besides ready messages: scheduled, dead, running', collectIncludes)
    .option(
      '--pause-source',
      'pause the queues for workers of the job library until all is drained, where it can',
    );
  return command;
}

/** A name of {@link FORMAT_NAMES}. Throws `usage` where it is none. */
export function parseFormat(text: string): FormatName {
  const known = FORMAT_NAMES.find((name) => name === text);
  if (known) return known;
  const similar = findSimilar(text, FORMAT_NAMES);
  throw new QctlError('usage', `format ${text} is not known`, {
    code: 'UNKNOWN_FORMAT',
    hint: [...(similar ? [`did you mean ${similar}?`] : []), `known are ${FORMAT_NAMES.join(', ')}`],
  });
}

/** Names of {@link INCLUDABLE}, comma-separated or repeated. */
export function collectIncludes(text: string, before: Includable[] = []): Includable[] {
  const all = collectList(text, before).map((name) => {
    const known = INCLUDABLE.find((one) => one === name);
    if (known) return known;
    throw new QctlError('usage', `--include ${name}: expected ${INCLUDABLE.join(', ')}`, {
      code: 'INCLUDE_UNKNOWN',
      hint: ['several are separated by commas: --include scheduled,dead'],
    });
  });
  // The order in which they are named is no difference between two runs.
  return INCLUDABLE.filter((name) => all.includes(name));
}
