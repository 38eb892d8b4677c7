import type { RedisConnection } from '../../src/backends/redis/index.ts';
import { QctlError } from '../../src/errors.ts';
import { shellWord } from '../../src/model/shell-word.ts';
import type { Context } from '../context.ts';

const UNKNOWN =
  'of a drain: qctl drain redis --stream STREAM --group GROUP --to SOURCE gives back what it brought';

/** The error of a rollback that finds no cutover, with how a drain is taken back: that may have been meant. */
export async function withWayBack(context: Context, run: string, error: unknown): Promise<unknown> {
  if (!(error instanceof QctlError) || error.code !== 'RUN_NOT_FOUND') return error;
  // An error of this search would hide the one that there is.
  const found = await ofDrain(context, run).catch(() => undefined);
  const { kind, message, code, hint, details } = error;
  const hints = [found ? `${run} is a drain: ${found}` : UNKNOWN, ...hint];
  return new QctlError(kind, message, { code, hint: hints, details, cause: error });
}

/** How the drain of that name is taken back; undefined where there is none. */
async function ofDrain(context: Context, run: string): Promise<string | undefined> {
  const { runDefinition, runStatus } = await import('../../src/drain/index.ts');
  const redis = await context.redis();
  const { mode, stream } = await runStatus(redis, run);
  if (mode === 'back') return 'it has given messages back already; the drain command takes them out again';
  const { kind, name, partitions } = await runDefinition(redis, run);
  if (kind !== 'sqs' && kind !== 'postgres') return 'there is no way back into its source';
  const to = name in (await context.config()).sources ? name : kind;
  const parts = partitions > 1 ? ` --partitions ${partitions}` : '';
  const group = await groupOf(context, redis, stream, partitions);
  return `qctl drain redis --stream ${shellWord(stream)}${parts} --group ${group} --to ${shellWord(to)} gives back what a group has not finished`;
}

/** The group of the configuration, or the only one that there is. */
async function groupOf(
  context: Context,
  redis: RedisConnection,
  stream: string,
  partitions: number,
): Promise<string> {
  const { readFacts } = await import('../../src/streams/index.ts');
  const { partitionKeys } = await import('../../src/model/keys.ts');
  const config = await context.config();
  const named = config.streams[stream]?.group ?? config.defaults.group;
  if (named !== undefined) return shellWord(named);
  const groups = (await readFacts(redis, partitionKeys(stream, partitions)[0]!))?.groups ?? [];
  return groups.length === 1 ? shellWord(groups[0]!.group) : 'GROUP';
}
