import type { PostgresSourceConfig } from '../../src/config/schema.ts';
import { DESCRIPTION_FLAGS, type PostgresSpec } from '../../src/drain/index.ts';
import { QctlError } from '../../src/errors.ts';
import {
  type Asking,
  describeSource,
  describeTable,
  type FormatChoice,
} from '../../src/sources/postgres/index.ts';
import type { FormatName } from '../../src/sources/postgres/spec.ts';
import type { Context } from '../context.ts';
import { collectIncludes, type FormatFlags, parseFormat } from './format-options.ts';
import { type GenericFlags, genericSpec } from './generic-spec.ts';
import { collectList } from './options.ts';
import type { TakeFlags } from './take-options.ts';

/** All that says what a Postgres source is. */
export type SourceFlags = FormatFlags & GenericFlags & Pick<TakeFlags, 'claimColumn'>;

/** What a run that is resumed was, or what the configuration says; the former needs nothing more. */
export interface SourceDefaults {
  name?: string;
  configured?: PostgresSourceConfig;
  resumed?: PostgresSpec;
  /** How the database is asked what the queue is. */
  asking?: Asking;
}

/** Flags of a table that the operator describes, by the field of the configuration. */
const DESCRIBING = { ...DESCRIPTION_FLAGS, claimColumn: '--claim-column' } as const;

/**
 * The spec of the source: as flags and configuration describe a table, or as a job library is known
 * to keep its queue. Looks into the database where that has to be found out.
 */
export async function sourceSpec(
  context: Context,
  flags: SourceFlags,
  { name, configured, resumed, asking }: SourceDefaults,
): Promise<PostgresSpec> {
  const described = describing(flags, configured);
  const choice = choiceOf(flags, configured);
  const format =
    flags.format ?? (configured?.format === undefined ? undefined : parseFormat(configured.format));
  if (resumed && resumed.format !== 'generic' && !isChoice(choice) && described.length === 0)
    return withMode(resumed, flags, configured);
  const table = flags.table ?? configured?.table;
  if (isGeneric(format, table, described)) {
    refuseChoice(choice);
    return genericSpec(flags, configured ?? resumed);
  }
  if (!format && resumed && !isChoice(choice)) return genericSpec(flags, resumed);
  refuseDescribing(format, described);
  const options = await context.postgresOptions(name);
  if (table === undefined)
    return withMode(await describeSource(options, format, choice, asking), flags, configured);
  const known = await describeTable(options, table, choice, asking);
  if (known && format && known.format !== format) throw otherFormat(table, format, known.format);
  if (known) return withMode(known, flags, configured);
  if (format) throw otherFormat(table, format, 'generic');
  refuseChoice(choice);
  return genericSpec(flags, configured);
}

/** With a table and a word about its columns, the operator describes it; so it was before there were formats. */
function isGeneric(format: FormatName | undefined, table: string | undefined, described: string[]): boolean {
  return format === 'generic' || (format === undefined && table !== undefined && described.length > 0);
}

function describing(flags: SourceFlags, configured: PostgresSourceConfig | undefined): string[] {
  const given = { ...flags, attributes: flags.attribute };
  return Object.entries(DESCRIBING).flatMap(([field, flag]) => {
    if (given[field as keyof typeof given] !== undefined) return [flag];
    return configured?.[field as keyof PostgresSourceConfig] === undefined ? [] : [`${field}:`];
  });
}

/** What flags and configuration choose of a job library's queue. */
export function choiceOf(flags: FormatFlags, configured: PostgresSourceConfig | undefined): FormatChoice {
  const queues = flags.queue ?? list(configured?.queues);
  const schema = flags.schema ?? configured?.schema;
  const include = flags.include ?? collectIncludes((list(configured?.include) ?? []).join(','));
  return {
    ...(schema !== undefined && { schema }),
    ...(queues !== undefined && { queues: [...new Set(queues)].sort() }),
    include,
    ...(flags.pauseSource && { pause: true }),
  };
}

function list(value: string | string[] | undefined): string[] | undefined {
  return typeof value === 'string' ? collectList(value) : value;
}

function isChoice({ schema, queues, include, pause }: FormatChoice): boolean {
  return schema !== undefined || queues !== undefined || include.length > 0 || pause === true;
}

function refuseChoice(choice: FormatChoice): void {
  if (!isChoice(choice)) return;
  const flags = { '--queue': choice.queues, '--schema': choice.schema, '--pause-source': choice.pause };
  const flag = Object.entries(flags).find(([, value]) => value !== undefined)?.[0] ?? '--include';
  throw new QctlError(
    'usage',
    `${flag} is for the queue of a job library; this table is described by flags`,
    {
      code: 'CHOICE_WITHOUT_FORMAT',
      hint: [
        '--ready says which rows of the table to take',
        'name the schema with the table: --table schema.name',
      ],
    },
  );
}

function refuseDescribing(format: FormatName | undefined, described: string[]): void {
  if (described.length === 0) return;
  const what = format === undefined ? 'no table is named that' : `format ${format} knows its table; that`;
  throw new QctlError('usage', `${what} ${described.join(', ')} could describe`, {
    code: format === undefined ? 'TABLE_MISSING' : 'FORMAT_DESCRIBED',
    hint:
      format === undefined
        ? ['--table NAME, or the name of a source in qctl.yaml']
        : [`leave out ${described.join(', ')}`, '--format generic --table NAME describes a table by flags'],
  });
}

function otherFormat(table: string, format: FormatName, found: FormatName): QctlError {
  const what = found === 'generic' ? 'a table of no known job library' : `of format ${found}`;
  return new QctlError('config', `table ${table} is ${what}, not of format ${format}`, {
    code: 'OTHER_FORMAT',
    hint: ['leave out --table: a format finds its tables by itself', 'or --format generic'],
  });
}

/** Any queue may be copied as well as moved. */
function withMode(
  spec: PostgresSpec,
  flags: SourceFlags,
  configured: PostgresSourceConfig | undefined,
): PostgresSpec {
  return { ...spec, mode: flags.mode ?? configured?.mode ?? spec.mode };
}

/** What a source is called that has no name in the configuration: its table, or the job library. */
export function sourceNameOf({ format, table }: PostgresSpec): string {
  return format === 'generic' ? table : format;
}
