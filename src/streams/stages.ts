import { type RedisConnection, replyCode } from '../backends/redis/index.ts';
import { isIntact } from '../model/intact.ts';
import { streamKeys } from '../model/keys.ts';
import { asking } from './asking.ts';
import { parseStages, type StageRow } from './stage-fields.ts';

/** A consumer group of a stream. */
export interface GroupOfStream {
  stream: string;
  group: string;
}

const DOING = 'read what consumers have recorded of their work';
/** So many groups are asked for at once. */
const AT_ONCE = 200;
/** Stages of a group, each engine by itself. More than these are no stages but ids. */
const MOST_STAGES = 64;
/** Of a stage: three outcomes, the sum, and as many bounds as there are; twice that for others' bounds. */
const MOST_FIELDS = MOST_STAGES * 40;

/**
 * Reads what consumers have recorded, two commands a group that has recorded something and one for another. A key
 * that holds something else counts as nothing.
 *
 * @param leftOut is told of groups with so many stages that they cannot be meant
 * @returns by stream and group as they were given, by stage and engine within
 * @throws as Redis answers (`target`), also where this user may read none of them
 */
export async function readStages(
  redis: RedisConnection,
  groups: readonly GroupOfStream[],
  leftOut?: (group: GroupOfStream) => void,
): Promise<StageRow[]> {
  const known = groups.filter(({ stream, group }) => isIntact(stream) && isIntact(group));
  const rows: StageRow[] = [];
  let denied: { error: unknown; groups: number } | undefined;
  for (let at = 0; at < known.length; at += AT_ONCE) {
    const some = known.slice(at, at + AT_ONCE);
    const read = await asking(redis, DOING, () => Promise.all(some.map((one) => readGroup(redis, one))));
    for (const [index, stages] of read.entries()) {
      if (stages === 'too many') leftOut?.(some[index]!);
      else if (Array.isArray(stages)) rows.push(...stages);
      else denied = { error: stages.denied, groups: (denied?.groups ?? 0) + 1 };
    }
  }
  if (denied && denied.groups === known.length)
    await asking(redis, DOING, () => Promise.reject(denied.error));
  return rows;
}

async function readGroup(
  { client }: RedisConnection,
  { stream, group }: GroupOfStream,
): Promise<StageRow[] | 'too many' | { denied: unknown }> {
  const key = streamKeys(stream).stages(group);
  try {
    const fields = await client.hlen(key);
    if (fields === 0) return [];
    if (fields > MOST_FIELDS) return 'too many';
    const stages = parseStages(await client.hgetall(key));
    return stages.length > MOST_STAGES ? 'too many' : stages.map((one) => ({ stream, group, ...one }));
  } catch (error) {
    if (replyCode(error) === 'WRONGTYPE') return [];
    if (replyCode(error) === 'NOPERM') return { denied: error };
    throw error;
  }
}
