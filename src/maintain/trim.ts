import { streamIdTimeMs } from '../model/stream-id.ts';
import {
  checkTrimRights,
  lookPatiently,
  planRetention,
  type Retention,
  type RetentionPlan,
  type StreamFacts,
  trimAsPlanned,
} from '../streams/index.ts';
import {
  type PlannedWork,
  type PreparePart,
  type StreamLook,
  type StreamWork,
  workOf,
} from './stream-work.ts';

/** So many are counted before they are cut: however long a stream is, each run gets on with it. */
const AT_ONCE = 100_000;
const EXACTLY = { force: false, approximate: false };

/** Cuts what lies beyond `maxLen` and `maxAge` of a stream, and nothing that a group has not finished. */
export const prepareTrim: PreparePart = async (look, count) => {
  const { redis, settings, work } = look;
  const { stream, maxLen, maxAgeMs } = settings;
  if (maxLen === undefined && maxAgeMs === undefined) return undefined;
  const facts = await lookPatiently(redis, stream, work);
  if (!facts) return undefined;
  const obstacle = obstacleTo(facts, look);
  if (obstacle !== undefined) return nothing(workOf('trim', stream, { warning: obstacle }));
  const timed = streamIdTimeMs(facts.lastGeneratedId) !== null;
  const retention = { maxLen, maxAgeMs: timed ? maxAgeMs : undefined };
  const planned = await planRetention(redis, facts, retention, work, count ? undefined : AT_ONCE);
  const plan = workOf('trim', stream, { count: planned.cut, note: heldText(planned) });
  return planned.cut === 0 ? nothing(plan) : { plan, run: () => trim(look, planned, retention) };
};

function nothing(plan: StreamWork): PlannedWork {
  return { plan, run: async () => plan };
}

async function trim(look: StreamLook, first: RetentionPlan, retention: Retention): Promise<StreamWork> {
  const { redis, work } = look;
  await checkTrimRights(redis, [first]);
  const done = workOf('trim', first.stream);
  for (let planned = first; ; ) {
    const { trimmed, stopped, failure } = await trimAsPlanned(redis, planned, EXACTLY, work);
    done.count += trimmed;
    done.note = heldText(planned);
    // A group that was set back meanwhile needs them now.
    const needed = failure?.code === 'TRIM_NEEDED' ? { note: failure.message } : { failure };
    if (stopped || failure) return { ...done, left: stopped, ...needed };
    const facts = planned.more ? await lookPatiently(redis, first.stream, work) : undefined;
    if (!facts || obstacleTo(facts, look) !== undefined) return done;
    planned = await planRetention(redis, facts, retention, work, AT_ONCE);
  }
}

/** Why nothing may be cut, as a clause, where that is not because of what a group needs. */
function obstacleTo(facts: StreamFacts, { settings }: StreamLook): string | undefined {
  const { group, maxLen, maxAgeMs } = settings;
  if (facts.length === 0 || !mayBeBeyond(facts, settings)) return undefined;
  if (group !== undefined && !facts.groups.some((one) => one.group === group))
    return `group ${group} does not exist: it has finished nothing`;
  if (maxLen === undefined && maxAgeMs !== undefined && streamIdTimeMs(facts.lastGeneratedId) === null)
    return 'its ids are no times: maxAge says nothing of them';
  return undefined;
}

function mayBeBeyond(
  { length, firstId, timeMs }: StreamFacts,
  { maxLen, maxAgeMs }: StreamLook['settings'],
): boolean {
  if (maxLen !== undefined && length > maxLen) return true;
  if (maxAgeMs === undefined || firstId === null) return false;
  return (streamIdTimeMs(firstId) ?? 0) < timeMs - maxAgeMs;
}

function heldText({ heldBy, neededFrom }: RetentionPlan): string | null {
  return heldBy === null ? null : `group ${heldBy} still needs ${neededFrom} and what follows`;
}
