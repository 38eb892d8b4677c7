import type { PlannedCommand, RedisConnection } from '../backends/redis/index.ts';
import { isQctlError, type QctlError } from '../errors.ts';
import type { Finding } from '../model/finding.ts';
import { hashTag, slotOf, streamKeys } from '../model/keys.ts';
import { plural } from '../model/plural.ts';
import { shortList } from '../model/short-list.ts';
import type { ReplayPlan, ReplayRequest, ReplayTarget } from './dlq-replay-plan.ts';
import { requireWritable } from './writable.ts';

/** What {@link checkReplay} looks at besides the plan. */
export interface ReplaySides {
  /** What kept a target from being looked at. */
  refusals: ReadonlyMap<string, QctlError>;
  /** From which dead-letter stream something goes to which stream. */
  pairs: readonly (readonly [source: string, target: string])[];
}

/** What speaks against a replay, and what an operator should know before it. */
export async function checkReplay(
  redis: RedisConnection,
  request: ReplayRequest,
  plan: ReplayPlan,
  sides: ReplaySides,
): Promise<Finding[]> {
  return [
    ...plan.targets.flatMap((target) => checkTarget(target, request, sides)),
    ...sides.pairs.flatMap((pair) => checkPair(redis, pair)),
    ...checkOthers(plan),
    ...checkMissing(plan),
    ...(await checkRights(redis, sides)),
  ];
}

function checkTarget(target: ReplayTarget, { create }: ReplayRequest, { refusals }: ReplaySides): Finding[] {
  const { stream, chosen, exists, groups } = target;
  if (stream === null)
    return [
      blocker(
        'ORIGIN_UNKNOWN',
        `nothing says from which stream ${lettersText(chosen)} came`,
        'name it with --to, or say in qctl.yaml in which field it stands: entry: { originalStream: … }',
      ),
    ];
  const refusal = refusals.get(stream);
  if (refusal)
    return [blocker('TARGET_NOT_A_STREAM', `key ${stream} holds no stream`, 'name another stream with --to')];
  if (!exists && !create)
    return [
      blocker(
        'TARGET_MISSING',
        `there is no stream ${stream}, for ${lettersText(chosen)}`,
        '--create makes it, --to names another one, --stream leaves out the others',
      ),
    ];
  return [aboutGroups(stream, groups, exists === true)];
}

/** A group that had processed the entry gets it once more, and nobody can tell which one that is. */
function aboutGroups(stream: string, groups: string[], exists: boolean): Finding {
  const code = 'REPLAY_GROUPS';
  if (groups.length > 1)
    return {
      level: 'warning',
      code,
      text: `every group of ${stream} gets them again, also those that had processed them: ${groups.join(', ')}`,
    };
  if (groups.length === 1)
    return { level: 'note', code, text: `group ${groups[0]} of ${stream} gets them again` };
  const what = exists ? `${stream} has no group` : `${stream} is made and has no group`;
  return { level: 'warning', code, text: `${what}: nobody gets them before one is made` };
}

function checkPair(redis: RedisConnection, [source, target]: readonly [string, string]): Finding[] {
  if (source === target)
    return [
      blocker('REPLAY_SAME', `${source} is the dead-letter stream itself`, 'name another stream with --to'),
    ];
  if (redis.kind !== 'cluster' || slotOf(source) === slotOf(target)) return [];
  const twin = hashTag(target) === target ? `{${target}}:dead` : `${target}:dead`;
  return [
    blocker(
      'REPLAY_SLOT',
      `${source} and ${target} lie in different slots of the cluster, so that nothing can go from one to the other in one step`,
      `give both one hash tag: name the dead-letter stream ${twin}; what lies in ${source} gets there with 'qctl dlq export' and 'qctl dlq import --to ${twin}'`,
    ),
  ];
}

function checkOthers({ madeByOthers }: ReplayPlan): Finding[] {
  if (madeByOthers === 0) return [];
  const text = `${lettersText(madeByOthers)} made by other programs: all fields go back, those included that tell of the death`;
  return [{ level: 'note', code: 'MADE_BY_OTHERS', text }];
}

function checkMissing({ missingIds }: ReplayPlan): Finding[] {
  if (missingIds.length === 0) return [];
  const text = `ids that are not there, or that the filter leaves out: ${shortList(missingIds)}`;
  return [{ level: 'warning', code: 'IDS_MISSING', text }];
}

async function checkRights(redis: RedisConnection, { pairs }: ReplaySides): Promise<Finding[]> {
  const commands = pairs.slice(0, 10).flatMap(([source, target]): PlannedCommand[] => [
    { command: 'xadd', args: [target, '*', 'a', 'b'] },
    { command: 'xdel', args: [source, '0-1'] },
    { command: 'set', args: [streamKeys(source).operation('x'), 'x'] },
  ]);
  try {
    await requireWritable(redis, 'replay', commands);
    return [];
  } catch (error) {
    if (!isQctlError(error) || !['MISSING_RIGHTS', 'REDIS_READONLY'].includes(error.code)) throw error;
    return [blocker(error.code, error.message, error.hint.join('; '))];
  }
}

function lettersText(count: number): string {
  return `${count} ${plural(count, 'dead letter')}`;
}

function blocker(code: string, text: string, remedy: string): Finding {
  return { level: 'blocker', code, text, remedy };
}
