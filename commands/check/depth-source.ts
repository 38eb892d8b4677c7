import type { Range } from '../../src/checks/index.ts';
import { findVariable } from '../../src/config/environment.ts';
import type { PostgresSourceConfig, SourceConfig } from '../../src/config/schema.ts';
import type { QctlError } from '../../src/errors.ts';
import {
  celeryDepth,
  type LabelledDepth,
  queueDepth,
  readFormat,
  readTable,
} from '../../src/sources/depth-of.ts';
import type { Context } from '../context.ts';
import { usageError } from '../stream-work.ts';
import type { MissingFlag } from './missing.ts';

/** The flags of `check depth`. */
export interface DepthFlags extends MissingFlag {
  warning?: Range;
  critical?: Range;
  all?: boolean;
  stream?: string;
  table?: string;
  ready?: string;
  queueUrl?: string;
}

/** Each names something to look at; a source may have another table or queue than the configuration says. */
export function refuseSeveral(
  source: string | undefined,
  { stream, table, ready, queueUrl, all }: DepthFlags,
): void {
  const named = { source, '--stream': stream, '--table': table, '--queue-url': queueUrl };
  const given = Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const beside = given.filter((name) => name !== 'source');
  if (beside.length > 1)
    throw usageError(`${beside.join(' and ')} exclude each other`, 'DEPTH_SEVERAL', 'leave one of them');
  if (stream !== undefined && source !== undefined) {
    throw usageError(
      '--stream and the name of a source exclude each other',
      'DEPTH_SEVERAL',
      'leave one of them',
    );
  }
  if (stream !== undefined && (all || ready !== undefined)) {
    throw usageError(
      `--stream and ${all ? '--all' : '--ready'} exclude each other`,
      'DEPTH_SEVERAL',
      'leave one of them',
    );
  }
}

/** A source whose depth can be read. */
export interface ChosenSource {
  /** As it is shown. */
  target: string;
  read(): Promise<LabelledDepth>;
}

/** The source that name, flags or environment mean. Throws `usage` where that is none. */
export async function chooseSource(
  context: Context,
  source: string | undefined,
  flags: DepthFlags,
): Promise<ChosenSource> {
  const configured = await configuredSource(context, source);
  refuseOther(source, configured, flags);
  if (configured?.kind === 'celery') {
    const options = await context.brokerOptions(source);
    return { target: source ?? configured.queue ?? 'celery', read: () => celeryDepth(options, configured) };
  }
  if (flags.table !== undefined || configured?.kind === 'postgres') {
    return chooseTable(context, source, configured as PostgresSourceConfig | undefined, flags);
  }
  return chooseQueue(context, source, flags);
}

async function chooseTable(
  context: Context,
  source: string | undefined,
  configured: PostgresSourceConfig | undefined,
  flags: DepthFlags,
): Promise<ChosenSource> {
  const table = flags.table ?? configured?.table;
  if (table === undefined && configured?.format !== undefined && flags.ready === undefined) {
    const options = await context.postgresOptions(source);
    const read = () => readFormat(options, configured, context.options.timeoutMs);
    return { target: source ?? configured.format, read };
  }
  if (table === undefined)
    throw usageError('no table is named', 'TABLE_MISSING', '--table NAME, or table: of the source');
  const ready = flags.ready ?? configured?.ready;
  const options = await context.postgresOptions(source);
  return {
    target: source ?? table,
    read: () => readTable(options, { table, ready }, context.options.timeoutMs),
  };
}

async function chooseQueue(
  context: Context,
  source: string | undefined,
  { ready, queueUrl }: DepthFlags,
): Promise<ChosenSource> {
  if (ready !== undefined)
    throw usageError('--ready is for tables', 'READY_WITHOUT_TABLE', 'add --table NAME');
  const named = source ?? queueUrl ?? findVariable(context.env, 'queueUrl');
  if (named === undefined) throw nothingNamed();
  const options = await context.sqsOptions(source);
  return { target: source ?? queueName(options.queueUrl), read: () => queueDepth(options) };
}

function refuseOther(
  source: string | undefined,
  configured: SourceConfig | undefined,
  { table, queueUrl }: DepthFlags,
): void {
  const other =
    (configured && configured.kind !== 'postgres' && table && '--table') ||
    (configured && configured.kind !== 'sqs' && queueUrl && '--queue-url');
  if (other)
    throw usageError(
      `source ${source} is of kind ${configured!.kind}: ${other} is not for it`,
      'SOURCE_KIND',
      `leave out ${other}`,
    );
}

async function configuredSource(
  context: Context,
  name: string | undefined,
): Promise<SourceConfig | undefined> {
  if (name === undefined) return undefined;
  const { sources } = await context.config();
  const source = sources[name];
  // Its error names the sources that there are.
  if (!source) await context.sqsOptions(name);
  return source;
}

function queueName(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

function nothingNamed(): QctlError {
  const hint = 'the name of a source in qctl.yaml, --queue-url, --table or --stream';
  return usageError('nothing is named whose depth could be checked', 'SOURCE_UNNAMED', hint);
}
