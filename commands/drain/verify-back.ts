import { verifyBack } from '../../src/drain/index.ts';
import { isQctlError } from '../../src/errors.ts';
import { askRedis } from '../ask-redis.ts';
import type { Context } from '../context.ts';
import { renderResult } from '../term/render.ts';
import { formatBackReport } from './format-back.ts';
import { backExitCode } from './run-back.ts';
import { tellingOf } from './telling.ts';

/** `qctl verify RUN` of a way back. Returns the exit code. */
export async function runVerifyBack(
  context: Context,
  name: string,
  target: string,
  sourceName: string | undefined,
): Promise<number> {
  const { io, options } = context;
  const redis = await context.redis();
  const postgres = target.startsWith('postgres') ? await ledgerConnection(context, sourceName) : undefined;
  const report = await askRedis(redis, `verify run ${name}`, () => verifyBack(redis, name, postgres));
  await renderResult(io, options, {
    type: 'report',
    data: report,
    table: () => formatBackReport(io.stdout, report, tellingOf(context, [])),
  });
  return backExitCode(report);
}

/** Without a connection the stream alone is looked at. */
async function ledgerConnection(context: Context, name: string | undefined) {
  try {
    return await context.postgresOptions(name);
  } catch (error) {
    if (isQctlError(error) && error.code.endsWith('_MISSING')) return undefined;
    throw error;
  }
}
