import type { PostgresSourceConfig, SourceConfig } from '../../src/config/schema.ts';
import type { BackRequest, BackTarget } from '../../src/drain/index.ts';
import { QctlError } from '../../src/errors.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { addBackOptions, type BackFlags, required, toBackSettings } from './back-options.ts';
import { addBackTableOptions, type BackTableFlags } from './back-table-options.ts';
import { runBackCommand } from './run-back.ts';
import { startedBy } from './run-drain.ts';
import { sourceNameOf, sourceSpec } from './source-spec.ts';

/** The flags of `qctl drain redis`. */
export type RedisFlags = BackFlags & BackTableFlags;

/** `qctl drain redis`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDrainRedis): QctlCommand {
  const command = createCommand(entry);
  addBackOptions(command);
  addBackTableOptions(command);
  addConnectionOptions(command, ['redis', 'postgres', 'sqs']);
  addExamples(command, [
    [
      'qctl drain redis --stream webhook-events --group webhook-processors --to sqs --queue-url https://sqs.us-east-1.amazonaws.com/123456789012/webhooks --dry-run',
      'show what would go back to the queue',
    ],
    [
      'qctl drain redis --stream alerts --group alerters --to alerts --from 1795288304046-0 --yes',
      'give back to source alerts of qctl.yaml what came since the cutover and is not finished',
    ],
    [
      'qctl drain redis --stream jobs --group workers --to postgres --table jobs --restore "state=\'pending\'" --yes',
      'give back to a table, each row exactly once',
    ],
  ]);
  return command.action((flags: RedisFlags) => run(context, flags));
}

/** Carries it out. Returns the exit code. */
export async function runDrainRedis(context: Context, flags: RedisFlags): Promise<number> {
  const { streams } = await context.config();
  return runBackCommand(context, await backRequest(context, flags), streams);
}

/** What the flags and the configuration ask for. */
export async function backRequest(context: Context, flags: RedisFlags): Promise<BackRequest> {
  const config = await context.config();
  const stream = required(
    flags.stream ?? config.defaults.stream,
    'STREAM_MISSING',
    'no stream is named to take from',
    '--stream NAME, or REDIS_STREAM_NAME',
  );
  const settings = config.streams[stream];
  const group = required(
    flags.group ?? settings?.group ?? config.defaults.group,
    'GROUP_UNNAMED',
    'no group is named: only what a group has not finished goes back',
    '--group NAME, group: of the stream in qctl.yaml, or REDIS_CONSUMER_GROUP',
  );
  return {
    source: {
      connection: await context.redisOptions(),
      stream,
      partitions: flags.partitions ?? settings?.partitions ?? 1,
      group,
      from: flags.from,
    },
    target: await targetOf(context, flags, config.sources),
    settings: toBackSettings(flags),
    startedBy: startedBy(),
  };
}

async function targetOf(
  context: Context,
  flags: RedisFlags,
  sources: Record<string, SourceConfig>,
): Promise<BackTarget> {
  const to = required(
    flags.to,
    'TO_MISSING',
    'nothing says where the messages go back to',
    '--to sqs, --to postgres, or the name of a source of qctl.yaml',
  );
  const configured = sources[to];
  const kind = configured?.kind ?? to;
  const name = configured ? to : undefined;
  if (kind === 'sqs') return sqsTarget(context, flags, name);
  if (kind === 'postgres')
    return postgresTarget(context, flags, name, configured as PostgresSourceConfig | undefined);
  if (kind === 'celery')
    throw new QctlError('usage', `--to ${to}: qctl does not give messages back to Celery`, {
      code: 'NO_WAY_BACK_TO_CELERY',
      hint: [
        'consumers on the new side work off what the stream holds; producers can send to Celery again at once',
        'each entry holds its whole envelope in sys.envelope, with an empty body: docs/drain-celery.md says how one is put together',
      ],
    });
  throw new QctlError('usage', `--to ${to}: there is no such source`, {
    code: 'SOURCE_UNKNOWN',
    hint: [
      `sqs, postgres${Object.keys(sources)
        .map((one) => `, ${one}`)
        .join('')}`,
    ],
  });
}

async function sqsTarget(context: Context, flags: RedisFlags, name: string | undefined): Promise<BackTarget> {
  const connection = await context.sqsOptions(name);
  return {
    kind: 'sqs',
    name: name ?? connection.queueUrl.slice(connection.queueUrl.lastIndexOf('/') + 1),
    connection,
    marks: flags.marks,
    clipDelay: flags.clipDelay ?? false,
  };
}

async function postgresTarget(
  context: Context,
  flags: RedisFlags,
  name: string | undefined,
  configured: PostgresSourceConfig | undefined,
): Promise<BackTarget> {
  const spec = await sourceSpec(context, flags, { name, configured });
  const restore = { ...spec.restore, ...configured?.restore, ...flags.restore };
  return {
    kind: 'postgres',
    name: name ?? sourceNameOf(spec),
    connection: await context.postgresOptions(name),
    spec: Object.keys(restore).length > 0 ? { ...spec, restore } : spec,
    ledgerTable: flags.ledgerTable ?? configured?.ledgerTable,
  };
}
