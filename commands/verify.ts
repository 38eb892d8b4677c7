import { type DrainReport, runStatus, type VerifyConnections, verifyRun } from '../src/drain/index.ts';
import { isQctlError } from '../src/errors.ts';
import { askRedis } from './ask-redis.ts';
import { createCommand, type QctlCommand } from './command.ts';
import type { Context } from './context.ts';
import { formatReport } from './drain/format-report.ts';
import { exitCodeOf } from './drain/run-drain.ts';
import { runVerifyBack } from './drain/verify-back.ts';
import { addConnectionOptions } from './options.ts';
import type { CommandEntry } from './registry.ts';
import { renderResult } from './term/render.ts';

/** `qctl verify RUN`. */
export function newCommand(context: Context, entry: CommandEntry, run = runVerify): QctlCommand {
  const command = createCommand(entry).option('--source <name>', 'source of qctl.yaml to connect to');
  return addConnectionOptions(command, ['redis', 'postgres', 'sqs']).action(
    (name: string, flags: { source?: string }) => run(context, name, flags.source),
  );
}

/** Carries it out. Returns the exit code. */
export async function runVerify(
  context: Context,
  name: string,
  sourceName: string | undefined,
): Promise<number> {
  const { io, options } = context;
  const redis = await context.redis();
  const { mode, source, target } = await askRedis(redis, `look at run ${name}`, () => runStatus(redis, name));
  if (mode === 'back') return runVerifyBack(context, name, target, sourceName);
  const sides = await connections(context, source, mode, sourceName);
  const report = await askRedis(redis, `verify run ${name}`, () => verifyRun(redis, name, sides));
  await renderResult(io, options, {
    type: 'report',
    data: report,
    table: () => formatReport(io.stdout, report),
  });
  return exitCodeOf(report as DrainReport);
}

/** A copy cannot be judged without its table; of a move, everything but what remains can. */
async function connections(
  context: Context,
  source: string,
  mode: string,
  name: string | undefined,
): Promise<VerifyConnections> {
  const postgres = source.startsWith('postgres');
  try {
    return postgres
      ? { postgres: await context.postgresOptions(name) }
      : { sqs: await context.sqsOptions(name) };
  } catch (error) {
    if (mode !== 'copy' && isQctlError(error) && error.code.endsWith('_MISSING')) return {};
    throw error;
  }
}
