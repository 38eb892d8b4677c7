import { type DrainReport, runStatus, type VerifyConnections, verifyRun } from '../src/drain/index.ts';
import { isQctlError, QctlError } from '../src/errors.ts';
import { askRedis } from './ask-redis.ts';
import { addExamples, createCommand, type QctlCommand } from './command.ts';
import type { Context } from './context.ts';
import { formatReport } from './drain/format-report.ts';
import { exitCodeOf } from './drain/run-drain.ts';
import { tellingOf } from './drain/telling.ts';
import { runVerifyBack } from './drain/verify-back.ts';
import { addConnectionOptions } from './options.ts';
import type { CommandEntry } from './registry.ts';
import { renderResult } from './term/render.ts';

interface VerifyFlags {
  source?: string;
  archive?: string;
}

/** `qctl verify RUN`. */
export function newCommand(context: Context, entry: CommandEntry, run = runVerify): QctlCommand {
  const command = createCommand(entry)
    .option('--source <name>', 'source of qctl.yaml to connect to')
    .option('--archive <path>', 'the file, where the run has read an archive');
  addConnectionOptions(command, ['redis', 'postgres', 'sqs', 'celery']);
  addExamples(command, [
    ['qctl verify alerts-20261121-090446-0171', 'hold both sides against each other once more'],
    [
      'qctl verify alerts-20261121-090446-0171 --source alerts',
      'where qctl.yaml knows how to connect to the source',
    ],
  ]);
  return command.action((name: string, flags: VerifyFlags) => run(context, name, flags));
}

/** Carries it out. Returns the exit code. */
export async function runVerify(context: Context, name: string, flags: VerifyFlags): Promise<number> {
  const { io, options } = context;
  const redis = await context.redis();
  const { mode, source, target } = await askRedis(redis, `look at run ${name}`, () => runStatus(redis, name));
  if (mode === 'back') return runVerifyBack(context, name, target, flags.source);
  const sides = await connections(context, source, mode, flags);
  const report = await askRedis(redis, `verify run ${name}`, () => verifyRun(redis, name, sides));
  await renderResult(io, options, {
    type: 'report',
    data: report,
    table: () => formatReport(io.stdout, report, tellingOf(context, [])),
  });
  return exitCodeOf(report as DrainReport);
}

function requireArchive(file: string | undefined): string {
  if (file !== undefined) return file;
  throw new QctlError('usage', 'the run has read an archive, and which file that is now is not said', {
    code: 'ARCHIVE_MISSING',
    hint: ['--archive FILE'],
  });
}

/** A copy cannot be judged without its table; of a move, everything but what remains can. */
async function connections(
  context: Context,
  source: string,
  mode: string,
  { source: name, archive }: VerifyFlags,
): Promise<VerifyConnections> {
  if (source.startsWith('archive ')) return { archive: requireArchive(archive) };
  const postgres = source.startsWith('postgres');
  try {
    if (source.startsWith('celery ')) return { celery: await context.brokerOptions(name) };
    return postgres
      ? { postgres: await context.postgresOptions(name) }
      : { sqs: await context.sqsOptions(name) };
  } catch (error) {
    if (mode !== 'copy' && isQctlError(error) && error.code.endsWith('_MISSING')) return {};
    throw error;
  }
}
