import type { Command } from 'commander';
import type { CelerySourceConfig } from '../../src/config/schema.ts';
import { CELERY_DEFAULTS, type CelerySpec, configuredQueue } from '../../src/drain/index.ts';
import { collectList } from './options.ts';

/** Which queue of a Celery broker is meant, and which of its messages. */
export interface CeleryQueueFlags {
  queue?: string;
  keyPrefix?: string;
  types?: string[];
  filter?: string;
}

/** Adds the flags. */
export function addCeleryOptions<C extends Command>(command: C): C {
  return addQueueNameOptions(command)
    .option('--types <list>', 'only messages of these tasks; the rest stays in the queue', collectList)
    .option(
      '--filter <expression>',
      "only messages for which this JMESPath is true: attributes.group == 'g1'; the rest stays in the queue",
    );
}

/** Those that name the queue alone. */
export function addQueueNameOptions<C extends Command>(command: C): C {
  return command
    .option('--queue <name>', `queue of the workers (default: ${CELERY_DEFAULTS.queue})`)
    .option('--key-prefix <text>', "Celery's global_keyprefix, where it has one");
}

/** The queue that flags mean, over what the run that is resumed or the configuration says. */
export function celerySpec(
  flags: CeleryQueueFlags,
  configured?: CelerySourceConfig,
  resumed?: CelerySpec,
): CelerySpec {
  const base = resumed ?? configuredQueue(configured);
  return {
    ...base,
    ...(flags.queue !== undefined && { queue: flags.queue }),
    ...(flags.keyPrefix !== undefined && { prefix: flags.keyPrefix }),
    ...(flags.types && { types: flags.types }),
    ...(flags.filter !== undefined && { filter: flags.filter }),
  };
}
