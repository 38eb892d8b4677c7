import type { Command } from 'commander';
import type { PostgresSourceConfig } from '../../src/config/schema.ts';
import { type PostgresSpec, withClaimColumn } from '../../src/drain/index.ts';
import { QctlError } from '../../src/errors.ts';
import { collectList } from './options.ts';

/** Which rows are taken, and how they are made this run's own. */
export interface TakeFlags {
  claimColumn?: string;
  types?: string[];
  filter?: string;
}

/** Adds them. */
export function addTakeOptions<C extends Command>(command: C): C {
  return command
    .option(
      '--claim-column <name>',
      'text column in which each row is claimed before it is appended; NULL: free (move mode)',
    )
    .option('--types <list>', 'only messages of these types; the rest stays in the source', collectList)
    .option(
      '--filter <expression>',
      "only messages for which this JMESPath is true: body.risk == 'low'; the rest stays in the source",
    );
}

/** What a run's own record knows of its spec, beyond what flags can say. */
const RECORDED = [
  'version',
  'rank',
  'claim',
  'types',
  'filter',
  'before',
  'notify',
  'settle',
  'restore',
  'restored',
] as const;

/** The spec with what these flags, the configuration or the record of the run to be continued say. */
export function withTakeOptions(
  spec: PostgresSpec,
  flags: TakeFlags,
  configured: PostgresSourceConfig | PostgresSpec | undefined,
): PostgresSpec {
  const config = configured && 'kind' in configured ? configured : undefined;
  const recorded = configured && !('kind' in configured) ? configured : undefined;
  const taken: PostgresSpec = { ...spec };
  for (const name of RECORDED)
    if (recorded?.[name] !== undefined) Object.assign(taken, { [name]: recorded[name] });
  const types = flags.types ?? config?.types;
  if (types) taken.types = types;
  const filter = flags.filter ?? config?.filter;
  if (filter !== undefined) taken.filter = filter;
  if (flags.claimColumn !== undefined && spec.mode === 'copy')
    throw new QctlError('usage', '--claim-column: copy mode leaves the table as it is and claims nothing', {
      code: 'CLAIM_IN_COPY',
      hint: ['leave out --claim-column, or take --mode move'],
    });
  const column = flags.claimColumn ?? (spec.mode === 'copy' ? undefined : config?.claimColumn);
  // The record has it in its claim and its condition already.
  if (column === undefined || (recorded?.claim && column in recorded.claim.set)) return taken;
  return withClaimColumn(taken, column);
}
