import { connectRedis } from '../../src/backends/redis/index.ts';
import { type RunDefinition, runDefinition } from '../../src/drain/index.ts';
import { QctlError } from '../../src/errors.ts';
import type { Context } from '../context.ts';

/** What `--resume RUN` stands for, so that the name alone is enough; undefined without `--resume`. */
export async function resumedRun(
  context: Context,
  run: string | undefined,
  kind: RunDefinition['kind'],
): Promise<RunDefinition | undefined> {
  if (run === undefined) return undefined;
  const redis = await connectRedis(await context.redisOptions());
  try {
    const definition = await runDefinition(redis, run);
    if (definition.kind === kind) return definition;
    throw new QctlError('usage', `run ${run} drains ${definition.kind}, not ${kind}`, {
      code: 'RUN_KIND',
      hint: [`qctl drain ${definition.kind} --resume ${run}`],
    });
  } finally {
    await redis.close();
  }
}
